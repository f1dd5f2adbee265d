import type { Filter } from "@canvasback/client/api/schema";
import { describe, parseFilter } from "@canvasback/client/filters";

/** Says that what is shown is of filtered rows. */
export function Filtered({ filter }: { filter: Filter | undefined }) {
  if (!filter) return null;
  return (
    <span className="tag" data-tone="accent">
      filtered: {parseFilter(JSON.stringify(filter)).map(describe).join(" and ")}
    </span>
  );
}
