/** How a CSV or JSON dataset is read: what was found in its files, why a column is text, and settings instead. */
import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { call } from "@canvasback/client/api/client";
import type { DatasetDetail, TextReading } from "@canvasback/client/api/schema";
import { integer } from "@canvasback/values/format";
import { Problem } from "../../ui/states";
import { type ReadingForm, formOf, settingsOf } from "./readingForm";

const FILES_SHOWN_MAX = 50;

const TYPES = ["VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DECIMAL(18,2)", "BOOLEAN", "DATE", "TIME", "TIMESTAMP"];
const ENCODINGS = ["utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252"];
const VISIBLE: Record<string, string> = { "\t": "tab", "": "none", " ": "space" };

const visible = (text: string): string => VISIBLE[text] ?? text;

function Files({ reading }: { reading: TextReading }) {
  const isCsv = reading.files.some((file) => file.dialect);
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Files as they are read">
      <table className="table">
        <thead>
          <tr>
            <th>File</th>
            <th className="num">Rows</th>
            {isCsv ? (
              <>
                <th>Encoding</th>
                <th>Delimiter</th>
                <th>Quote</th>
                <th>Header</th>
                <th className="num">Short rows</th>
                <th className="num">Long rows</th>
              </>
            ) : (
              <th>Layout</th>
            )}
          </tr>
        </thead>
        <tbody>
          {reading.files.slice(0, FILES_SHOWN_MAX).map((file) => (
            <tr key={file.path}>
              <td className="mono">{file.path.slice(file.path.lastIndexOf("/") + 1)}</td>
              <td className="num">{integer(file.rows)}</td>
              {file.dialect ? (
                <>
                  <td>{file.dialect.encoding}</td>
                  <td className="mono">{visible(file.dialect.delimiter)}</td>
                  <td className="mono">{visible(file.dialect.quote)}</td>
                  <td>{file.dialect.header ? "yes" : "no"}</td>
                  <td className="num">{integer(file.short_rows ?? 0)}</td>
                  <td className="num">{integer(file.long_rows ?? 0)}</td>
                </>
              ) : (
                <td>{file.layout}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {reading.files.length > FILES_SHOWN_MAX && <p className="dim">Showing the first {FILES_SHOWN_MAX}.</p>}
    </div>
  );
}

interface ColumnsProps {
  reading: TextReading;
  form: ReadingForm;
  onChange(form: ReadingForm): void;
}

function Columns({ reading, form, onChange }: ColumnsProps) {
  const choose = (column: string, type: string | null): void => {
    const types = { ...form.types };
    if (type) types[column] = type;
    else delete types[column];
    onChange({ ...form, types });
  };
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Columns as they are read">
      <table className="table">
        <thead>
          <tr>
            <th>Column</th>
            <th>Type</th>
            <th>Read as</th>
            <th>Why not a narrower type</th>
          </tr>
        </thead>
        <tbody>
          {reading.columns.map(({ name, type, reason }) => {
            const chosen = form.types[name] ?? null;
            return (
              <tr key={name}>
                <td>{name}</td>
                <td>
                  <span className="tag mono">{type}</span>
                </td>
                <td>
                  <Select
                    aria-label={`Type of ${name}`}
                    size="xs"
                    placeholder="as found"
                    clearable
                    data={chosen && !TYPES.includes(chosen) ? [...TYPES, chosen] : TYPES}
                    value={chosen}
                    onChange={(value) => choose(name, value)}
                  />
                </td>
                <td className="dim">{reason ?? ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Dialect({ form, onChange }: { form: ReadingForm; onChange(form: ReadingForm): void }) {
  const text = (
    key: "delimiter" | "quote" | "escape" | "comment" | "dateFormat" | "nullValues",
    label: string,
    hint: string,
  ) => (
    <TextInput
      label={label}
      placeholder={hint}
      value={form[key]}
      onChange={(event) => onChange({ ...form, [key]: event.currentTarget.value })}
    />
  );
  return (
    <div className="reading-fields">
      {text("delimiter", "Delimiter", "as found; \\t is a tab")}
      {text("quote", "Quote", "as found; none")}
      {text("escape", "Escape", "as found")}
      {text("comment", "Comment", "none")}
      <Select
        label="Header"
        placeholder="as found"
        clearable
        data={["yes", "no"]}
        value={form.header}
        onChange={(header) => onChange({ ...form, header })}
      />
      <Select
        label="Encoding"
        placeholder="as found"
        clearable
        data={ENCODINGS}
        value={form.encoding}
        onChange={(encoding) => onChange({ ...form, encoding })}
      />
      <Select
        label="Decimal separator"
        placeholder="."
        clearable
        data={[".", ","]}
        value={form.decimal}
        onChange={(decimal) => onChange({ ...form, decimal })}
      />
      {text("dateFormat", "Date format", "%d.%m.%Y")}
      {text("nullValues", "NULL values", "n/a, -")}
    </div>
  );
}

const TEXT_FILE = /\.(?:csv|tsv|txt)(?:\.(?:gz|zst))?$/i;

/** Of files that cannot be read as they were: what to say of them instead. */
const UNREAD: TextReading = { settings: {}, set: false, columns: [], files: [] };

/** Whether other settings may help where a dataset cannot be read. */
export const isUnread = (dataset: DatasetDetail): boolean =>
  dataset.error?.code === "InvalidData" && TEXT_FILE.test(dataset.source ?? "");

/** Nothing for datasets of other kinds. */
export function Reading({ dataset }: { dataset: DatasetDetail }) {
  const unread = isUnread(dataset);
  const reading = dataset.reading ?? (unread ? UNREAD : undefined);
  const [form, setForm] = useState(() => formOf(reading?.settings ?? {}));
  const queries = useQueryClient();
  const params = { name: dataset.name };
  const took = async (detail: DatasetDetail): Promise<void> => {
    setForm(formOf(detail.reading?.settings ?? {}));
    await queries.invalidateQueries({ queryKey: ["dataset", dataset.name] });
    await queries.invalidateQueries({ queryKey: ["datasets"] });
  };
  const apply = useMutation({
    mutationFn: () => call("setReading", { params, body: settingsOf(form) }),
    onSuccess: took,
  });
  const reset = useMutation({ mutationFn: () => call("resetReading", { params }), onSuccess: took });
  if (!reading) return null;
  const isCsv = unread || dataset.kind === "csv";
  const error = apply.error ?? reset.error;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    reset.reset();
    apply.mutate();
  };
  return (
    <section className="section" aria-label="How this file is read" style={{ marginTop: 28 }}>
      <div className="page-head">
        <h2>How {unread || reading.files.length === 1 ? "this file is" : "these files are"} read</h2>
        {reading.set && <span className="tag">settings applied</span>}
      </div>
      <p className="dim">
        {unread
          ? "Say what the files are: every value is read again, and what is empty below is found in them."
          : "Every value was read: a column has a type only if each of its values is one of that type. Settings take " +
            "the place of what was found."}
      </p>
      {!unread && <Files reading={reading} />}
      <form onSubmit={submit} style={{ display: "grid", gap: 14, marginTop: 14 }}>
        {isCsv && <Dialect form={form} onChange={setForm} />}
        <Checkbox
          label="Read every column as text"
          checked={form.allText}
          onChange={(event) => setForm({ ...form, allText: event.currentTarget.checked })}
        />
        {!unread && <Columns reading={reading} form={form} onChange={setForm} />}
        {error && <Problem error={error} />}
        <div className="row">
          <Button type="submit" loading={apply.isPending}>
            Apply
          </Button>
          <Button
            variant="default"
            disabled={!reading.set && !unread}
            loading={reset.isPending}
            onClick={() => {
              apply.reset();
              reset.mutate();
            }}
          >
            Reset
          </Button>
        </div>
      </form>
    </section>
  );
}
