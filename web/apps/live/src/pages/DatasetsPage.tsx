/** The datasets: what there is to look at. */
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { bytes, counted, integer } from "@canvasback/values/format";
import type { DatasetSummary } from "@canvasback/client/api/schema";
import { Empty, Lines, Problem } from "../ui/states";
import { useDatasets } from "../services/queries";
import { useTitle } from "../ui/title";
import { Trash } from "./Trash";

function DatasetRow({ dataset }: { dataset: DatasetSummary }) {
  return (
    <tr>
      <td>
        <Link to="/datasets/$name" params={{ name: dataset.name }}>
          {dataset.name}
        </Link>
        {dataset.error && (
          <span className="tag" data-tone="bad" title={dataset.error.message} style={{ marginLeft: 8 }}>
            unreadable
          </span>
        )}
      </td>
      <td className="num">{dataset.rows === null || dataset.rows === undefined ? "–" : integer(dataset.rows)}</td>
      <td className="num">{dataset.column_count ?? "–"}</td>
      <td className="num">{dataset.bytes === undefined ? "–" : bytes(dataset.bytes)}</td>
      <td className="num">{dataset.files === undefined ? "–" : integer(dataset.files)}</td>
      <td>{dataset.kind && <span className="tag">{dataset.kind}</span>}</td>
      <td>
        <div className="cut dim mono" title={dataset.source}>
          {dataset.source}
        </div>
      </td>
    </tr>
  );
}

export function DatasetsPage() {
  useTitle("Datasets");
  const { data, error, refetch, isPending } = useDatasets();
  const [search, setSearch] = useState("");
  const found = data?.datasets.filter((dataset) => dataset.name.toLowerCase().includes(search.toLowerCase())) ?? [];
  const rows = data?.datasets.reduce((sum, dataset) => sum + (dataset.rows ?? 0), 0) ?? 0;
  const size = data?.datasets.reduce((sum, dataset) => sum + (dataset.bytes ?? 0), 0) ?? 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Datasets</h1>
        {data && (
          <span className="dim">
            {counted(data.datasets.length, "dataset")} · {counted(rows, "row")} · {bytes(size)}
          </span>
        )}
        <span className="spacer" />
        <TextInput
          aria-label="Find dataset"
          placeholder="Find"
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {isPending && !error && <Lines />}
      {data && found.length === 0 && (
        <Empty title={search ? "No matching datasets" : "No datasets yet"}>
          {!search && (
            <>
              <p>
                Start the server with files or folders: <code>canvasback serve data/</code>
              </p>
              <p>
                Or drop a file of records (JSON, NDJSON, CSV, Parquet, Arrow) on this page: it becomes a collection.
              </p>
            </>
          )}
        </Empty>
      )}
      {found.length > 0 && (
        <div className="scroll-x" tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th className="num">Rows</th>
                <th className="num">Columns</th>
                <th className="num">Size</th>
                <th className="num">Files</th>
                <th>Kind</th>
                <th>Source</th>
              </tr>
            </thead>
            <tbody>
              {found.map((dataset) => (
                <DatasetRow key={dataset.name} dataset={dataset} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Trash />
    </div>
  );
}
