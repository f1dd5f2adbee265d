/** A few records as the server's documents have them; long values whole in the title. */
import type { DataDocument } from "@canvasback/client/api/schema";

const text = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

export function RecordsTable({ label, answer }: { label: string; answer: Pick<DataDocument, "columns" | "data"> }) {
  // A column without any value here would only be in the way.
  const columns = answer.columns.filter(({ name }) => answer.data.some((row) => text(row[name]) !== ""));
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            {columns.map(({ name, type }) => (
              <th key={name} title={type}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.data.map((row, place) => (
            <tr key={place}>
              {columns.map(({ name }) => (
                <td key={name}>
                  <div className="cut" title={text(row[name])}>
                    {row[name] === null ? <i className="dim">NULL</i> : text(row[name])}
                  </div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
