/** What stands in the addresses of pages, beside their paths. */
import type { GridState } from "./gridState";

export interface DatasetSearch extends GridState {
  tab?: string;
  export?: string;
  row?: string;
  x?: string;
  y?: string;
  value?: string;
  /** Of Explore: period, comparison, cross-filters, how tiles are shown. */
  period?: string;
  compare?: string;
  where?: string;
  tiles?: string;
}

export interface DashboardSearch {
  period?: string;
  compare?: string;
  filter?: string;
  tiles?: string;
  /** "1": the file beside the page. */
  edit?: string;
}
