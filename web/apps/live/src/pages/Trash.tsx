/** What was deleted or emptied and can be restored. Nothing is shown while there is none. */
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { call } from "@canvasback/client/api/client";
import type { TrashEntry } from "@canvasback/client/api/schema";
import { bytes, integer, moment } from "@canvasback/values/format";
import { Problem } from "../ui/states";

function Entry({ entry }: { entry: TrashEntry }) {
  const queries = useQueryClient();
  const [sure, setSure] = useState(false);
  const params = { id: entry.id };
  const renew = (): Promise<void> => queries.invalidateQueries();
  const restore = useMutation({ mutationFn: () => call("restoreTrashEntry", { params }), onSuccess: renew });
  const purge = useMutation({ mutationFn: () => call("purgeTrashEntry", { params }), onSuccess: renew });
  const error = restore.error ?? purge.error;
  return (
    <>
      <tr>
        <td>{entry.collection}</td>
        <td>
          <span className="tag">{entry.kind}</span>
        </td>
        <td>{moment(entry.time)}</td>
        <td className="num">{integer(entry.records)}</td>
        <td className="num">{bytes(entry.bytes)}</td>
        <td>
          <div className="row">
            <Button variant="default" size="xs" loading={restore.isPending} onClick={() => restore.mutate()}>
              Restore
            </Button>
            {sure ? (
              <Button color="red.9" size="xs" loading={purge.isPending} onClick={() => purge.mutate()}>
                Delete permanently
              </Button>
            ) : (
              <Button variant="subtle" color="gray" size="xs" onClick={() => setSure(true)}>
                Delete…
              </Button>
            )}
          </div>
        </td>
      </tr>
      {error && (
        <tr>
          <td colSpan={6}>
            <Problem error={error} />
          </td>
        </tr>
      )}
    </>
  );
}

export function Trash() {
  const { data } = useQuery({
    queryKey: ["trash"],
    queryFn: ({ signal }) => call("listTrash", {}, signal),
  });
  if (!data || data.entries.length === 0) return null;
  return (
    <section className="section" aria-label="Trash">
      <h2>Trash</h2>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Deleted collections">
        <table className="table">
          <thead>
            <tr>
              <th>Collection</th>
              <th>What</th>
              <th>When</th>
              <th className="num">Records</th>
              <th className="num">Size</th>
              <th>Actions</th>
            </tr>
          </thead>
          <tbody>
            {data.entries.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
