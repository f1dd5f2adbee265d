/** Columns as the files' footers tell them, and the files. */
import { TextInput } from "@mantine/core";
import { useState } from "react";

import { bytes, counted, integer, moment } from "@canvasback/values/format";
import type { DataFile, DatasetColumn, DatasetDetail } from "@canvasback/client/api/schema";
import { Reading } from "./Reading";

const FILES_SHOWN_MAX = 500;

function ColumnRow({ column, place }: { column: DatasetColumn; place: number }) {
  return (
    <tr>
      <td className="num dim">{place}</td>
      <td>{column.name}</td>
      <td>
        <span className="tag mono">{column.type}</span>
      </td>
      <td className="num">{column.null_count === null ? "–" : integer(column.null_count)}</td>
      <td>
        <div className="cut mono" title={column.min ?? undefined}>
          {column.min ?? "–"}
        </div>
      </td>
      <td>
        <div className="cut mono" title={column.max ?? undefined}>
          {column.max ?? "–"}
        </div>
      </td>
    </tr>
  );
}

function FileRow({ file, place }: { file: DataFile; place: number }) {
  return (
    <tr>
      <td className="num dim">{place}</td>
      <td>
        <div className="mono" style={{ minWidth: "14em", overflowWrap: "anywhere" }}>
          {file.path}
        </div>
      </td>
      <td className="num">{file.rows === null ? "–" : integer(file.rows)}</td>
      <td className="num">{integer(file.row_groups)}</td>
      <td className="num">{bytes(file.bytes)}</td>
      <td>{moment(file.modified)}</td>
    </tr>
  );
}

export function SchemaTab({ dataset }: { dataset: DatasetDetail }) {
  const [search, setSearch] = useState("");
  const columns = (dataset.columns ?? []).map((column, place) => ({ column, place }));
  const found = columns.filter(({ column }) => column.name.toLowerCase().includes(search.toLowerCase()));
  const files = dataset.file_list ?? [];
  return (
    <>
      <div className="page-head">
        <h2>{counted(columns.length, "column")}</h2>
        <span className="spacer" />
        <TextInput
          aria-label="Find column"
          placeholder="Find column"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      <div className="scroll-x" tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <th className="num">#</th>
              <th>Column</th>
              <th>Type</th>
              <th className="num">NULL</th>
              <th>Min</th>
              <th>Max</th>
            </tr>
          </thead>
          <tbody>
            {found.map(({ column, place }) => (
              <ColumnRow key={column.name} column={column} place={place + 1} />
            ))}
          </tbody>
        </table>
      </div>
      <div className="page-head" style={{ marginTop: 28 }}>
        <h2>{counted(files.length, "file")}</h2>
      </div>
      <div className="scroll-x" tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <th className="num">#</th>
              <th>File</th>
              <th className="num">Rows</th>
              <th className="num">Row groups</th>
              <th className="num">Size</th>
              <th>Modified</th>
            </tr>
          </thead>
          <tbody>
            {files.slice(0, FILES_SHOWN_MAX).map((file, place) => (
              <FileRow key={file.path} file={file} place={place} />
            ))}
          </tbody>
        </table>
      </div>
      <Reading key={dataset.version} dataset={dataset} />
      {files.length > FILES_SHOWN_MAX && <p className="dim">Showing the first {integer(FILES_SHOWN_MAX)}.</p>}
    </>
  );
}
