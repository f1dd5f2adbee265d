/** The dashboards: those of the data folder and those of the program. */
import { ActionIcon, Button, Menu, TextInput } from "@mantine/core";
import { IconDots, IconPlus, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { DashboardSummary } from "@canvasback/client/api/schema";
import { counted, integer, moment } from "@canvasback/values/format";
import { queryClient } from "../services/services";
import { useDashboards } from "../services/dashboards";
import { useDatasets } from "../services/queries";
import { Empty, Lines, Problem } from "../ui/states";
import { useTitle } from "../ui/title";
import { DeleteDialog } from "./dashboard/DeleteDialog";
import { SaveDialog, nameOf } from "./dashboard/SaveDialog";
import { readDashboard } from "../services/dashboards";
import { templateOf } from "./dashboard/template";

interface Copy {
  title: string;
  proposal: string;
  yaml: string;
}

function Row({ dashboard, onCopy, onDelete }: { dashboard: DashboardSummary; onCopy(): void; onDelete(): void }) {
  const { name, title, description, datasets, missing, problems, origin, modified } = dashboard;
  return (
    <tr>
      <td>
        <Link to="/dashboards/$name" params={{ name }}>
          {title}
        </Link>
        {problems > 0 && (
          <span className="tag" data-tone="bad" style={{ marginLeft: 8 }}>
            {counted(problems, "error")}
          </span>
        )}
        {missing.length > 0 && (
          <span className="tag" data-tone="warn" style={{ marginLeft: 8 }} title={missing.join(", ")}>
            data missing
          </span>
        )}
        {description && (
          <div className="dim cut" style={{ maxWidth: 560 }} title={description}>
            {description}
          </div>
        )}
      </td>
      <td>
        <div className="cut">{datasets.join(", ") || "–"}</div>
      </td>
      <td>
        <span className="tag">{origin === "file" ? "yours" : "built in"}</span>
      </td>
      <td className="dim">{modified ? moment(modified) : "–"}</td>
      <td className="num">
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={`Actions of ${title}`}>
              <IconDots size={16} stroke={1.7} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item component={Link} to={`/dashboards/${encodeURIComponent(name)}?edit=1`}>
              Edit
            </Menu.Item>
            <Menu.Item onClick={onCopy}>Duplicate</Menu.Item>
            {origin === "file" && (
              <Menu.Item color="red" onClick={onDelete}>
                Delete
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </td>
    </tr>
  );
}

export function DashboardsPage() {
  useTitle("Dashboards");
  const { data, error, refetch, isPending } = useDashboards();
  const datasets = useDatasets();
  const [search, setSearch] = useState("");
  const [copy, setCopy] = useState<Copy | null>(null);
  const [removed, setRemoved] = useState<DashboardSummary | null>(null);
  const [failure, setFailure] = useState<Error | null>(null);
  const all = data?.dashboards ?? [];
  const words = search.toLowerCase();
  const found = all.filter(({ title, name }) => `${title} ${name}`.toLowerCase().includes(words));
  const duplicate = ({ name, title }: DashboardSummary): void => {
    queryClient
      .fetchQuery({ queryKey: ["dashboard", name], queryFn: ({ signal }) => readDashboard(name, signal) })
      .then(({ yaml }) => setCopy({ title: `Duplicate “${title}”`, proposal: `${name}_copy`, yaml }), setFailure);
  };
  const create = (): void =>
    setCopy({
      title: "New dashboard",
      proposal: nameOf("new dashboard"),
      yaml: templateOf(datasets.data?.datasets[0]),
    });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Dashboards</h1>
        {data && <span className="dim">{integer(all.length)}</span>}
        <span className="spacer" />
        <TextInput
          aria-label="Find dashboard"
          placeholder="Find"
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Button leftSection={<IconPlus size={14} />} onClick={create}>
          New dashboard
        </Button>
      </div>
      {(failure ?? (error && !data)) && (
        <Problem error={(failure ?? error)!} onRetry={() => (setFailure(null), void refetch())} />
      )}
      {isPending && !error && <Lines />}
      {data && found.length === 0 && (
        <Empty title={search ? "No matching dashboards" : "No dashboards yet"}>
          {!search && (
            <p>
              Open a <Link to="/">dataset</Link> and choose Explore: it proposes a dashboard, which you can save and
              change.
            </p>
          )}
        </Empty>
      )}
      {found.length > 0 && (
        <div className="scroll-x" tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th>Title</th>
                <th>Datasets</th>
                <th>From</th>
                <th>Changed</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {found.map((dashboard) => (
                <Row
                  key={dashboard.name}
                  dashboard={dashboard}
                  onCopy={() => duplicate(dashboard)}
                  onDelete={() => setRemoved(dashboard)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {copy && <SaveDialog {...copy} onClose={() => setCopy(null)} />}
      {removed && (
        <DeleteDialog
          name={removed.name}
          title={removed.title}
          etag=""
          onDone={() => setRemoved(null)}
          onClose={() => setRemoved(null)}
        />
      )}
    </div>
  );
}
