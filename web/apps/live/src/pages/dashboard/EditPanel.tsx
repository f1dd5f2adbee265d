/** The file on the left, what it shows on the right: checked as it is typed, saved on request. */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";

import { call } from "@canvasback/client/api/client";
import { ApiError } from "@canvasback/client/api/error";
import type { DashboardBody, DashboardProblem } from "@canvasback/client/api/schema";
import { Board } from "@canvasback/dashboards/Board";
import type { RowsBehind } from "@canvasback/dashboards/drill";
import { dashboardOf } from "@canvasback/dashboards/model";
import type { DashboardState } from "@canvasback/dashboards/state";
import { type Mark, type Word, YamlEditor, type YamlEditorHandle } from "../../editor/YamlEditor";
import { type DashboardFile, liveSource, saveDashboard } from "../../services/dashboards";
import { useDatasets } from "../../services/queries";
import { Problem } from "../../ui/states";
import { wordsOfSchema } from "./words";

const PAUSE_MS = 300;

interface EditPanelProps {
  file: DashboardFile;
  state: DashboardState;
  onState(state: DashboardState): void;
  onRows(rows: RowsBehind): void;
}

interface Checked {
  problems: readonly DashboardProblem[];
  /** The last one without errors. */
  document: DashboardBody | null;
  failure: Error | null;
}

/** What the server says of a text, a moment after the last key. */
function useCheck(text: string, first: Checked): Checked {
  const [checked, setChecked] = useState(first);
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      call("checkDashboard", { body: { yaml: text } }, abort.signal).then(
        ({ problems, document }) => {
          const isRight = document !== null && problems.every(({ severity }) => severity === "warning");
          setChecked((old) => ({ problems, document: isRight ? document : old.document, failure: null }));
        },
        (failure: unknown) => {
          if (!abort.signal.aborted) setChecked((old) => ({ ...old, failure: failure as Error }));
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  return checked;
}

/** Keys of the format, and the names of datasets and of the columns of those that the file reads. */
function useWords(document: DashboardBody | null): readonly Word[] {
  const schema = useQuery({
    queryKey: ["dashboard-schema"],
    queryFn: ({ signal }) => call("getDashboardSchema", {}, signal),
    staleTime: Infinity,
  });
  const datasets = useDatasets();
  const sources = useMemo(
    () => (document ? dashboardOf(document).metrics.flatMap(({ source }) => source ?? []) : []),
    [document],
  );
  const columns = useQuery({
    queryKey: ["columns", sources],
    queryFn: ({ signal }) => Promise.all(sources.map((name) => call("getDataset", { params: { name } }, signal))),
    enabled: sources.length > 0,
  });
  return useMemo(() => {
    const keys = wordsOfSchema(schema.data).map((label) => ({ label, detail: "key" }));
    const names = (datasets.data?.datasets ?? []).map(({ name }) => ({ label: name, detail: "dataset" }));
    const found = (columns.data ?? []).flatMap(({ columns = [] }) =>
      columns.map(({ name, type }) => ({ label: name, detail: type.toLowerCase().slice(0, 24) })),
    );
    return [...found, ...names, ...keys];
  }, [schema.data, datasets.data, columns.data]);
}

export default function EditPanel({ file, state, onState, onRows }: EditPanelProps) {
  const [text, setText] = useState(file.yaml);
  const [saved, setSaved] = useState({ text: file.yaml, etag: file.etag });
  const editor = useRef<YamlEditorHandle>(null);
  const { problems, document, failure } = useCheck(text, {
    problems: file.problems,
    document: file.document,
    failure: null,
  });
  const words = useWords(document);
  const dashboard = useMemo(() => (document ? dashboardOf(document) : null), [document]);
  const source = useMemo(() => (document ? liveSource({ document }) : null), [document]);
  const isChanged = text !== saved.text;
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      isChanged && current.pathname !== next.pathname && !window.confirm("Leave without saving the changes?"),
    enableBeforeUnload: isChanged,
  });
  const save = useMutation({
    mutationFn: () => saveDashboard(file.name, text, saved.etag),
  });
  const marks = useMemo(
    () =>
      problems.flatMap(({ line, column, message, severity }): Mark[] =>
        line === null ? [] : [{ line, column: column ?? 1, message, severity }],
      ),
    [problems],
  );
  const errors = problems.filter(({ severity }) => severity === "error").length;
  // What was saved meanwhile has another ETag: then the file that is read again is the one that is known.
  useEffect(() => {
    if (file.yaml === text) setSaved({ text: file.yaml, etag: file.etag });
  }, [file]);
  const submit = (): void => {
    if (isChanged && errors === 0 && !save.isPending) save.mutate();
  };
  return (
    <div className="dashboard-edit">
      <section className="dashboard-file" aria-label="File">
        <div className="row wrap" style={{ padding: "6px 12px" }}>
          <span className="mono dim">{file.name}.yaml</span>
          <span className="dim" role="status">
            {errors > 0 ? `${errors} ${errors === 1 ? "error" : "errors"}` : isChanged ? "Not saved" : "Saved"}
          </span>
          <span className="spacer" />
          <Button onClick={submit} loading={save.isPending} disabled={!isChanged || errors > 0}>
            Save
          </Button>
        </div>
        <YamlEditor
          ref={editor}
          value={file.yaml}
          label={`File of ${file.title}`}
          marks={marks}
          words={words}
          onChange={setText}
          onSave={submit}
        />
        {(save.error ?? failure) && <SaveProblem error={(save.error ?? failure)!} />}
        <Problems problems={problems} onGoTo={(line, column) => editor.current?.goTo(line, column)} />
      </section>
      <section className="dashboard-preview" aria-label="Preview" tabIndex={0}>
        {dashboard && source && (
          <Board dashboard={dashboard} source={source} state={state} onState={onState} onRows={onRows} />
        )}
      </section>
    </div>
  );
}

function SaveProblem({ error }: { error: Error }) {
  const isStale = error instanceof ApiError && error.status === 412;
  const words = "The file was changed by someone else since you opened it. Copy your text, and reload the page.";
  return <Problem error={isStale ? new Error(words) : error} />;
}

interface ProblemsProps {
  problems: readonly DashboardProblem[];
  onGoTo(line: number, column: number): void;
}

function Problems({ problems, onGoTo }: ProblemsProps) {
  if (problems.length === 0) return null;
  return (
    <ul className="dashboard-problems" aria-label="Problems">
      {problems.map(({ line, column, message, severity }, at) => (
        <li key={at} data-severity={severity}>
          <button type="button" onClick={() => line !== null && onGoTo(line, column ?? 1)}>
            <span className="at">{line === null ? "" : `${line}:${column ?? 1}`}</span>
            <span>{message}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
