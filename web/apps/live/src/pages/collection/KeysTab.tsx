/** What the records' keys became: columns, and where a key's types met. */
import { useQuery } from "@tanstack/react-query";

import { counted, integer } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import type { CollectionSchema } from "@canvasback/client/api/schema";
import { Lines, Problem } from "../../ui/states";

function Conflicts({ conflicts }: { conflicts: CollectionSchema["conflicts"] }) {
  return (
    <section className="section">
      <h2>Type conflicts</h2>
      {conflicts.length === 0 ? (
        <p className="dim">No conflicts: every field has had a single type so far.</p>
      ) : (
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Type conflicts">
          <table className="table">
            <thead>
              <tr>
                <th>Field</th>
                <th>Existing type</th>
                <th>Received type</th>
                <th className="num">Commit</th>
                <th className="num">Record</th>
              </tr>
            </thead>
            <tbody>
              {conflicts.map((conflict, i) => (
                <tr key={i}>
                  <td>{conflict.key}</td>
                  <td>
                    <span className="tag mono">{conflict.old_type}</span>
                  </td>
                  <td>
                    <span className="tag mono" data-tone="warn">
                      {conflict.new_type}
                    </span>
                  </td>
                  <td className="num">{integer(conflict.commit)}</td>
                  <td className="num">{integer(conflict.record + 1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export default function KeysTab({ collection }: { collection: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["collection", collection, "schema"],
    queryFn: ({ signal }) => call("collectionSchema", { query: { collection } }, signal),
  });
  if (!data) return error ? <Problem error={error} onRetry={() => void refetch()} /> : <Lines />;
  const kinds = new Map(data.keys.map(({ key, kinds: seen }) => [key, seen]));
  return (
    <>
      <Conflicts conflicts={data.conflicts} />
      <section className="section">
        <h2>{counted(data.columns.length, "column")}</h2>
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Columns">
          <table className="table">
            <thead>
              <tr>
                <th>Column</th>
                <th>Type</th>
                <th>Field</th>
                <th>Types received</th>
              </tr>
            </thead>
            <tbody>
              {data.columns.map((column) => (
                <tr key={column.name}>
                  <td>{column.name}</td>
                  <td>
                    <span className="tag mono">{column.type}</span>
                  </td>
                  <td>{column.key === column.name ? <span className="dim">same name</span> : column.key}</td>
                  <td>{(kinds.get(column.key) ?? []).join(", ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}
