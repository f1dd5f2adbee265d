/** The files of a collection (parts of weeks, commits that are not merged yet, what is archived), and managing them. */
import { useQuery } from "@tanstack/react-query";

import { bytes, integer, moment } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import { Lines, Problem } from "../../ui/states";
import { Manage } from "./Manage";

const REFRESH_MS = 5000;
const SHOWN_MAX = 1000;

export default function FilesTab({ collection }: { collection: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["collection", collection, "files"],
    queryFn: ({ signal }) => call("collectionFiles", { query: { collection } }, signal),
    refetchInterval: REFRESH_MS,
  });
  if (!data) return error ? <Problem error={error} onRetry={() => void refetch()} /> : <Lines />;
  const weeksOf = (archived: boolean): string[] =>
    [...new Set(data.files.filter((file) => file.archived === archived).map((file) => file.week))]
      .filter((week) => week !== null)
      .sort();
  const weeks = { live: weeksOf(false), archived: weeksOf(true) };
  return (
    <>
      <p className="dim">
        Plain Parquet files, readable by any tool. New commits are merged into weekly files automatically.
      </p>
      <Manage collection={collection} weeks={weeks} />
      <div className="scroll-x section" tabIndex={0} role="region" aria-label="Files">
        <table className="table files-table">
          <thead>
            <tr>
              <th>File</th>
              <th>Kind</th>
              <th>Week</th>
              <th className="num">Records</th>
              <th className="num">Size</th>
              <th>Written</th>
            </tr>
          </thead>
          <tbody>
            {data.files.slice(0, SHOWN_MAX).map((file) => (
              <tr key={`${file.archived} ${file.name}`}>
                <td className="mono">{file.name}</td>
                <td>
                  <span className="tag" data-tone={file.kind === "commit" ? "accent" : undefined}>
                    {file.kind}
                  </span>{" "}
                  {file.archived && <span className="tag">archived</span>}
                </td>
                <td>{file.week ?? "–"}</td>
                <td className="num">{integer(file.records)}</td>
                <td className="num">{bytes(file.bytes)}</td>
                <td>{moment(file.modified)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {data.files.length > SHOWN_MAX && <p className="dim">Showing the first {integer(SHOWN_MAX)}.</p>}
    </>
  );
}
