/** The grid alone in a page: fixed columns, nothing around it. For measuring, and for pages without the app. */
import { createRoot } from "react-dom/client";

import type { DataFrame } from "@canvasback/frame/dataFrame";
import { DataGrid } from "./DataGrid";
import { defaultWidth } from "./layout";

export interface MountedGrid {
  jumpTo(row: number): void;
  unmount(): void;
}

const nothing = (): void => undefined;

export function mountGrid(host: HTMLElement, frame: DataFrame): MountedGrid {
  const root = createRoot(host);
  const columns = frame.columns.map(({ name, type }, index) => ({
    index,
    width: defaultWidth(name, type),
    pinned: false,
  }));
  let jump: (row: number) => void = nothing;
  root.render(
    <DataGrid
      ref={(handle) => {
        if (handle) jump = handle.jumpTo;
      }}
      label="Rows"
      frame={frame}
      columns={columns}
      marks={new Map()}
      sortKeys={0}
      onSort={nothing}
      onMenu={nothing}
      onResize={nothing}
      onMove={nothing}
    />,
  );
  return { jumpTo: (row) => jump(row), unmount: () => root.unmount() };
}
