/** Tables beside the editor: saved views and datasets with their columns, each inserted by a click. */
import type { DatasetDetail } from "@canvasback/client/api/schema";
import { written } from "./completion";
import { useSqlStore } from "./store";

function Views({ onInsert }: { onInsert(text: string): void }) {
  const { views, add, drop } = useSqlStore();
  return views.map((view) => (
    <details key={view.name}>
      <summary title={view.sql}>
        {view.name} <small className="dim">view</small>
      </summary>
      <button type="button" className="sql-column" onClick={() => onInsert(written(view.name))}>
        <span className="dim">Insert table name</span>
      </button>
      <button type="button" className="sql-column" onClick={() => add({ sql: view.sql, name: view.name })}>
        <span className="dim">Open query</span>
      </button>
      <button type="button" className="sql-column" onClick={() => drop(view.name)}>
        <span className="dim">Delete view</span>
      </button>
    </details>
  ));
}

export function Side({ catalog, onInsert }: { catalog: readonly DatasetDetail[]; onInsert(text: string): void }) {
  return (
    <aside className="sql-side" aria-label="Datasets">
      <Views onInsert={onInsert} />
      {catalog.map((dataset) => (
        <details key={dataset.name} open={catalog.length <= 2}>
          <summary title={dataset.source}>{dataset.name}</summary>
          <button type="button" className="sql-column" onClick={() => onInsert(written(dataset.name))}>
            <span className="dim">Insert table name</span>
          </button>
          {dataset.columns?.map((column) => (
            <button
              key={column.name}
              type="button"
              className="sql-column"
              title={`${column.name} ${column.type}`}
              onClick={() => onInsert(written(column.name))}
            >
              <span>{column.name}</span>
              <small>{column.type.toLowerCase()}</small>
            </button>
          ))}
        </details>
      ))}
    </aside>
  );
}
