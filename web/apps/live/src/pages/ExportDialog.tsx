/**
 * An export: which format, which columns, of exactly the rows that the grid shows, in their order. It runs on the
 * server as a job whose name stands in the address, so that it is still there after a reload.
 */
import { Button, Checkbox, Modal, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { counted } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import type { ExportRequest, Format, Job } from "@canvasback/client/api/schema";
import { type Condition, describe, parseFilter, toFilter } from "@canvasback/client/filters";
import type { SortKey } from "@canvasback/client/stream/protocol";
import { queryClient } from "../services/services";
import { Problem } from "../ui/states";
import { type GridState, joinSort } from "../state/gridState";
import { columnsInOrder, searchCondition } from "../state/selection";
import { wrapSql } from "../state/sqlText";
import { JobView } from "./JobView";

export interface ExportDialogProps {
  job: string | null;
  source: { dataset?: string; sql?: string; parameters?: unknown };
  columns: readonly string[];
  state: GridState;
  sort: readonly SortKey[];
  rows: number | null;
  onJob(id: string): void;
  onClose(): void;
}

const FORMATS: { value: Format; label: string; ending: string }[] = [
  { value: "xlsx", label: "Excel workbook", ending: "xlsx" },
  { value: "csv", label: "CSV", ending: "csv" },
  { value: "parquet", label: "Parquet", ending: "parquet" },
  { value: "arrow_file", label: "Arrow file", ending: "arrow" },
  { value: "arrow", label: "Arrow stream", ending: "arrows" },
  { value: "ndjson", label: "NDJSON (one row per line)", ending: "ndjson" },
  { value: "json", label: "JSON document", ending: "json" },
];

async function start(
  props: ExportDialogProps,
  choice: { format: Format; filename: string; columns: string[] },
): Promise<Job> {
  const { source, state, sort } = props;
  const headers = { prefer: "respond-async" };
  const conditions = parseFilter(state.filter);
  if (state.search) conditions.push(searchCondition(state.search, props.columns));
  if (source.dataset !== undefined) {
    const filter = toFilter(conditions);
    const sorted = joinSort(sort);
    const body = {
      format: choice.format,
      filename: choice.filename,
      columns: choice.columns,
      ...(filter ? { filter } : {}),
      ...(sorted ? { sort: sorted } : {}),
    } as ExportRequest;
    return (await call("startExport", { params: { name: source.dataset }, body, headers })) as Job;
  }
  const sql = wrapSql(source.sql ?? "", { columns: choice.columns, conditions: conditions as Condition[], sort });
  const body = { sql, parameters: source.parameters as null, format: choice.format, filename: choice.filename };
  return (await call("runQuery", { body, headers })) as unknown as Job;
}

function What({ props }: { props: ExportDialogProps }) {
  const conditions = parseFilter(props.state.filter).map(describe);
  if (props.state.search) conditions.push(`any column contains “${props.state.search}”`);
  const sorted = props.sort.map((key) => `${key.column}${key.descending ? " ↓" : " ↑"}`).join(", ");
  return (
    <p className="dim" style={{ margin: 0, fontSize: 13 }}>
      {props.rows === null ? "All rows of the grid" : counted(props.rows, "row")}
      {conditions.length > 0 && `, where ${conditions.join(" and ")}`}
      {sorted && `, sorted by ${sorted}`}.
    </p>
  );
}

function Form(props: ExportDialogProps) {
  const name = props.source.dataset ?? "result";
  const [format, setFormat] = useState<Format>("xlsx");
  const [filename, setFilename] = useState(name);
  const [all, setAll] = useState(false);
  const shown = columnsInOrder(props.columns, props.state);
  const begin = useMutation({
    mutationFn: () => start(props, { format, filename: filename || name, columns: all ? [...props.columns] : shown }),
    onSuccess: (job) => {
      void queryClient.invalidateQueries({ queryKey: ["jobs"] });
      props.onJob(job.id);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    begin.mutate();
  };
  const ending = FORMATS.find((each) => each.value === format)?.ending ?? format;
  return (
    <form onSubmit={submit} style={{ display: "grid", gap: 12 }}>
      <What props={props} />
      <Select
        label="Format"
        data={FORMATS}
        value={format}
        allowDeselect={false}
        onChange={(value) => setFormat((value ?? "csv") as Format)}
        data-autofocus
      />
      <TextInput
        label="File name"
        value={filename}
        onChange={(event) => setFilename(event.currentTarget.value)}
        rightSection={<span className="dim">.{ending}</span>}
        rightSectionWidth={70}
      />
      <Checkbox
        label={"Include hidden columns (original order)"}
        description={`${all ? props.columns.length : shown.length} of ${counted(props.columns.length, "column")}`}
        checked={all}
        onChange={(event) => setAll(event.currentTarget.checked)}
      />
      {begin.error && <Problem error={begin.error} />}
      <div className="row">
        <span className="spacer" />
        <Button variant="default" onClick={props.onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={begin.isPending}>
          Export
        </Button>
      </div>
    </form>
  );
}

export default function ExportDialog(props: ExportDialogProps) {
  return (
    <Modal opened onClose={props.onClose} title={<strong>Export</strong>} centered>
      {props.job === null ? <Form {...props} /> : <JobView id={props.job} onGone={props.onClose} />}
    </Modal>
  );
}
