/** What stands in the addresses of pages, beside their paths. */
import type { GridState } from "./gridState";

export interface DatasetSearch extends GridState {
  tab?: string;
  export?: string;
  row?: string;
  x?: string;
  y?: string;
  value?: string;
}
