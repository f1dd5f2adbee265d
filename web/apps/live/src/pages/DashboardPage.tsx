/** One dashboard. What is chosen on it stands in the address; editing, its file is beside it. */
import { Button } from "@mantine/core";
import { IconCopy, IconPencil, IconTrash } from "@tabler/icons-react";
import { Link, getRouteApi } from "@tanstack/react-router";
import { Suspense, lazy, useCallback, useMemo, useState } from "react";

import { Board } from "@canvasback/dashboards/Board";
import { dashboardOf } from "@canvasback/dashboards/model";
import { type DashboardState, stateFromText, stateToText } from "@canvasback/dashboards/state";
import { liveSource, useDashboard, useRevision } from "../services/dashboards";
import { patient } from "../services/loading";
import type { DashboardSearch } from "../state/addresses";
import { Empty, Lines, Problem } from "../ui/states";
import { useTitle } from "../ui/title";
import { DeleteDialog } from "./dashboard/DeleteDialog";
import { SaveDialog } from "./dashboard/SaveDialog";
import { useRows } from "./dashboard/useRows";
import "./dashboard/dashboard.css";

const EditPanel = lazy(patient(() => import("./dashboard/EditPanel")));

const route = getRouteApi("/dashboards/$name");

/** The state in the address, and how it changes there: each change can be taken back with Back. */
function useBoardState(): [DashboardState, (state: DashboardState) => void] {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { period, compare, filter, tiles } = search;
  const state = useMemo(
    () => stateFromText(Object.fromEntries(Object.entries({ period, compare, filter, tiles }).filter(([, v]) => v))),
    [period, compare, filter, tiles],
  );
  const onState = useCallback(
    (next: DashboardState) => {
      void navigate({ search: (old) => ({ ...old, ...stateToText(next) }) as DashboardSearch });
    },
    [navigate],
  );
  return [state, onState];
}

export function DashboardPage() {
  const { name } = route.useParams();
  return <NamedDashboard key={name} name={name} />;
}

function NamedDashboard({ name }: { name: string }) {
  const { edit } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: file, error, refetch } = useDashboard(name);
  const [state, onState] = useBoardState();
  const [dialog, setDialog] = useState<"copy" | "delete" | null>(null);
  const onRows = useRows();
  const document = file?.document;
  const dashboard = useMemo(() => (document ? dashboardOf(document) : null), [document]);
  // A saved file is another dashboard, of which other numbers are known.
  const source = useMemo(() => liveSource({ dashboard: name }), [name, file?.etag]);
  const revision = useRevision(dashboard);
  const title = file?.title ?? name;
  useTitle(title);
  const setEdit = (isEditing: boolean): void => {
    void navigate({ search: (old) => ({ ...old, edit: isEditing ? "1" : undefined }) as DashboardSearch });
  };
  if (error && !file) {
    return (
      <div className="page">
        <Problem error={error} onRetry={() => void refetch()} />
      </div>
    );
  }
  const head = (
    <header className="dashboard-head">
      <Link to="/dashboards" className="dim">
        Dashboards
      </Link>
      <span className="dim" aria-hidden>
        /
      </span>
      <h1>{title}</h1>
      <span className="spacer" />
      {file && (
        <>
          <Button variant="default" leftSection={<IconPencil size={14} />} onClick={() => setEdit(edit !== "1")}>
            {edit === "1" ? "Close editor" : "Edit"}
          </Button>
          <Button variant="default" leftSection={<IconCopy size={14} />} onClick={() => setDialog("copy")}>
            Duplicate
          </Button>
          {file.origin === "file" && (
            <Button variant="default" leftSection={<IconTrash size={14} />} onClick={() => setDialog("delete")}>
              Delete
            </Button>
          )}
        </>
      )}
    </header>
  );
  return (
    <>
      {head}
      {!file && (
        <div className="page">
          <Lines />
        </div>
      )}
      {file && edit === "1" && (
        <Suspense fallback={<Lines />}>
          <EditPanel file={file} state={state} onState={onState} onRows={onRows} />
        </Suspense>
      )}
      {file && edit !== "1" && (
        <div className="dashboard-page" tabIndex={0} role="group" aria-label={title}>
          {dashboard?.description && <p>{dashboard.description}</p>}
          {dashboard ? (
            <Board
              dashboard={dashboard}
              source={source}
              state={state}
              onState={onState}
              revision={revision}
              onRows={onRows}
            />
          ) : (
            <Empty title="This dashboard has errors">
              <p>{file.problems[0]?.message}</p>
              <Button onClick={() => setEdit(true)}>Edit</Button>
            </Empty>
          )}
        </div>
      )}
      {file && dialog === "copy" && (
        <SaveDialog
          title={`Duplicate “${title}”`}
          proposal={`${name}_copy`}
          yaml={file.yaml}
          onClose={() => setDialog(null)}
        />
      )}
      {file && dialog === "delete" && (
        <DeleteDialog
          name={name}
          title={title}
          etag={file.etag}
          onDone={() => void navigate({ to: "/dashboards" })}
          onClose={() => setDialog(null)}
        />
      )}
    </>
  );
}
