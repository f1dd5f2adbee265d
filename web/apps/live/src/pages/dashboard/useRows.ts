/** Opens the rows behind a number in the grid of their dataset. */
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";

import { call } from "@canvasback/client/api/client";
import type { RowsBehind } from "@canvasback/dashboards/drill";
import { queryClient } from "../../services/services";
import { filterOfRows } from "./rowsFilter";

export function useRows(): (rows: RowsBehind) => void {
  const navigate = useNavigate();
  return useCallback(
    (rows) => {
      const { dataset: name } = rows;
      void queryClient
        .ensureQueryData({
          queryKey: ["dataset", name],
          queryFn: ({ signal }) => call("getDataset", { params: { name } }, signal),
        })
        .then(({ columns = [] }) => {
          const filter = filterOfRows(rows, columns);
          void navigate({
            to: "/datasets/$name",
            params: { name },
            search: filter ? { filter: JSON.stringify(filter) } : {},
          });
        });
    },
    [navigate],
  );
}
