/** Adding records: pasted, files that are dropped, several at once, or made up; with progress and what was wrong. */
import { Button, Checkbox, Textarea } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type DragEvent, useEffect, useRef, useState } from "react";

import { bytes, compact, counted, duration, integer } from "@canvasback/values/format";
import { ApiError, isAbort } from "@canvasback/client/api/error";
import type { IngestAnswer, RecordProblem } from "@canvasback/client/api/schema";
import { type IngestOptions, ingestFile, ingestText, lineOf } from "@canvasback/client/ingest";
import { useDropped } from "../../services/dropped";
import { Bar, Problem } from "../../ui/states";
import { Generate } from "./Generate";
import { refreshCollections } from "./WorkLine";

const PROBLEMS_SHOWN_MAX = 20;
const EXAMPLE = `{"id": "a1", "name": "Ann", "value": 42}\n{"id": "a2", "name": "Bob", "tags": ["new"]}`;

function Kept({ answer }: { answer: IngestAnswer }) {
  const { duration_ms, throughput_rps } = answer.performance_metrics;
  return (
    <p className="kept" role="status">
      <strong>{counted(answer.records_processed, "record")} saved</strong>
      {answer.quarantined > 0 && `, ${integer(answer.quarantined)} quarantined`}
      <span className="dim">
        {" "}
        in {duration(duration_ms)}, {compact(throughput_rps)} records/s
        {answer.durability === "commit" ? ", written to disk" : ", written to disk within a second"}
      </span>{" "}
      <Link to="/datasets/$name" params={{ name: answer.collection }} className="figure-link">
        Browse records
      </Link>
    </p>
  );
}

function Problems({ problems, text }: { problems: readonly RecordProblem[]; text: string | null }) {
  const lines = text?.split("\n") ?? [];
  return (
    <ul className="record-problems">
      {problems.slice(0, PROBLEMS_SHOWN_MAX).map((problem, i) => {
        const line = text === null ? (problem.line ?? null) : lineOf(text, problem);
        return (
          <li key={i}>
            <span className="tag" data-tone="bad">
              {line === null ? `record ${integer(problem.record + 1)}` : `line ${integer(line)}`}
            </span>{" "}
            {problem.field && <b>{problem.field}: </b>}
            {problem.message}
            {line !== null && lines[line - 1] && <code className="offending">{lines[line - 1]?.slice(0, 400)}</code>}
          </li>
        );
      })}
      {problems.length > PROBLEMS_SHOWN_MAX && <li>and {problems.length - PROBLEMS_SHOWN_MAX} more</li>}
    </ul>
  );
}

function Refused({ error, text }: { error: Error; text: string | null }) {
  const problems = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  return (
    <>
      <Problem error={error} />
      {problems.length > 0 && <Problems problems={problems} text={text} />}
    </>
  );
}

function Paste({ options }: { options: IngestOptions }) {
  const [text, setText] = useState("");
  const [sent, setSent] = useState("");
  const add = useMutation({
    mutationFn: (records: string) => ingestText(records, options),
    onSuccess: () => {
      setText("");
      refreshCollections();
    },
  });
  return (
    <form
      className="section"
      onSubmit={(event) => {
        event.preventDefault();
        setSent(text);
        add.mutate(text);
      }}
    >
      <Textarea
        label="Paste records"
        description="A JSON array, a single record, or one record per line (NDJSON)"
        placeholder={EXAMPLE}
        classNames={{ input: "mono" }}
        autosize
        minRows={5}
        maxRows={18}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className="row" style={{ marginTop: 8 }}>
        <Button type="submit" disabled={text.trim() === ""} loading={add.isPending}>
          Add records
        </Button>
      </div>
      {add.isSuccess && <Kept answer={add.data} />}
      {add.isSuccess && add.data.errors.length > 0 && <Problems problems={add.data.errors} text={sent} />}
      {add.error && <Refused error={add.error} text={sent} />}
    </form>
  );
}

interface Upload {
  number: number;
  file: File;
  sent: number;
  controller: AbortController;
  answer: IngestAnswer | null;
  error: Error | null;
}

function UploadRow({ upload }: { upload: Upload }) {
  const { file, sent, answer, error, controller } = upload;
  const going = !answer && !error;
  return (
    <li className="upload">
      <div className="row">
        <strong className="cut" title={file.name}>
          {file.name}
        </strong>
        <span className="dim">{bytes(file.size)}</span>
        <span className="spacer" />
        {going && (
          <Button size="compact-xs" variant="subtle" color="red" onClick={() => controller.abort()}>
            Cancel
          </Button>
        )}
      </div>
      {going && <Bar share={file.size > 0 ? sent / file.size : null} label={`Uploading ${file.name}`} />}
      {answer && <Kept answer={answer} />}
      {answer && answer.errors.length > 0 && <Problems problems={answer.errors} text={null} />}
      {error &&
        (isAbort(error) ? (
          <p className="dim">Cancelled. No records were saved.</p>
        ) : (
          <Refused error={error} text={null} />
        ))}
    </li>
  );
}

function Files({ collection, options }: { collection: string; options: IngestOptions }) {
  const dropped = useDropped();
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const counter = useRef(0);

  const change = (number: number, changed: Partial<Upload>): void =>
    setUploads((all) => all.map((each) => (each.number === number ? { ...each, ...changed } : each)));
  const start = async (file: File): Promise<void> => {
    const number = ++counter.current;
    const controller = new AbortController();
    setUploads((all) => [{ number, file, sent: 0, controller, answer: null, error: null }, ...all]);
    const progress = (sent: number): void => change(number, { sent });
    try {
      change(number, { answer: await ingestFile(file, { ...options, signal: controller.signal, progress }) });
    } catch (error) {
      change(number, { error: error as Error });
    }
    refreshCollections();
  };
  const take = (files: FileList | null): void => [...(files ?? [])].forEach((file) => void start(file));
  // Those that were dropped on another page, or beside the place for it.
  useEffect(() => dropped.take(collection).forEach((file) => void start(file)), [collection, dropped.files]);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <section className="section">
      <div
        className="drop"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <IconFileUpload size={22} stroke={1.5} aria-hidden />
        <span>Drop files here: NDJSON, JSON, CSV, Parquet or Arrow, also compressed (.gz, .zst)</span>
        <Button variant="default" onClick={() => input.current?.click()}>
          Choose files
        </Button>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label="Files to add"
          onChange={(event) => {
            take(event.currentTarget.files);
            event.currentTarget.value = "";
          }}
        />
      </div>
      {uploads.length > 0 && (
        <ul className="uploads" aria-label="Uploads">
          {uploads.map((upload) => (
            <UploadRow key={upload.number} upload={upload} />
          ))}
        </ul>
      )}
    </section>
  );
}

export default function AddTab({ collection }: { collection: string }) {
  const [aside, setAside] = useState(false);
  const options: IngestOptions = { collection, onError: aside ? "quarantine" : "reject" };
  return (
    <div className="narrow">
      <Checkbox
        label="Save valid records and quarantine invalid ones"
        description="Otherwise one invalid record rejects the whole batch"
        styles={{ description: { color: "var(--cb-dim)" } }}
        checked={aside}
        onChange={(event) => setAside(event.currentTarget.checked)}
      />
      <Paste options={options} />
      <Files collection={collection} options={options} />
      <Generate collection={collection} />
    </div>
  );
}
