/** A collection: records that are kept. What it holds, adding to it, finding in it, its files and its columns. */
import { Button, Popover, Select, Tabs, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, Suspense, lazy, useState } from "react";

import { getRouteApi } from "@tanstack/react-router";
import { Empty, Lines, Problem } from "../ui/states";
import { patient } from "../services/loading";
import { useDatasets } from "../services/queries";
import { Remove } from "./collection/Remove";
import { OverviewTab } from "./collection/OverviewTab";
import { useTitle } from "../ui/title";
import "./dataset/dataset.css";
import "./collection/collection.css";

const AddTab = lazy(patient(() => import("./collection/AddTab")));
const FindTab = lazy(patient(() => import("./collection/FindTab")));
const FilesTab = lazy(patient(() => import("./collection/FilesTab")));
const KeysTab = lazy(patient(() => import("./collection/KeysTab")));

const TABS = [
  ["overview", "Overview"],
  ["add", "Add records"],
  ["find", "Find"],
  ["schema", "Schema"],
  ["files", "Files"],
] as const;

const route = getRouteApi("/collections/$name");

function NewCollection({ onGo }: { onGo(name: string): void }) {
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState("");
  const good = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name);
  const go = (event: FormEvent): void => {
    event.preventDefault();
    if (!good) return;
    setOpened(false);
    setName("");
    onGo(name);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus width={270}>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconPlus size={15} stroke={1.6} />}
          onClick={() => setOpened((open) => !open)}
        >
          New collection
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form className="row" onSubmit={go}>
          <TextInput
            aria-label="Collection name"
            placeholder="letters, digits, _"
            error={name !== "" && !good}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Button type="submit" disabled={!good}>
            Create
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

export function CollectionPage() {
  const { name } = route.useParams();
  useTitle(name);
  const search = route.useSearch();
  const tab = TABS.find(([value]) => value === search.tab)?.[0] ?? "overview";
  const navigate = route.useNavigate();
  const { data, error, refetch } = useDatasets();
  // A collection is a dataset that comes from no file of the command line.
  const names = data?.datasets.filter((dataset) => dataset.source === "").map((dataset) => dataset.name) ?? [];
  const exists = names.includes(name);
  const go = (to: string, search: { tab?: string } = {}): void =>
    void navigate({ to: "/collections/$name", params: { name: to }, search });
  if (!data) {
    return <div className="page">{error ? <Problem error={error} onRetry={() => void refetch()} /> : <Lines />}</div>;
  }
  const none = (
    <Empty title="No records yet">
      <p>The collection “{name}” is created when its first record is added.</p>
    </Empty>
  );
  const body = {
    overview: <OverviewTab collection={name} exists={exists} />,
    add: <AddTab key={name} collection={name} />,
    find: exists ? <FindTab key={name} collection={name} /> : none,
    schema: exists ? <KeysTab collection={name} /> : none,
    files: exists ? <FilesTab collection={name} /> : none,
  }[tab];
  return (
    <>
      <header className="dataset-head collection-head">
        <h1>Collection</h1>
        <Select
          aria-label="Collection"
          data={exists ? names : [...names, name]}
          value={name}
          allowDeselect={false}
          searchable={names.length > 8}
          onChange={(value) => value && go(value, { tab })}
        />
        <span className="spacer" />
        {exists && (
          <Remove
            collection={name}
            onDone={(now) => (now === null ? void navigate({ to: "/" }) : go(now, { tab }))}
          />
        )}
        <NewCollection onGo={(to) => go(to, { tab: "add" })} />
      </header>
      <Tabs
        value={tab}
        onChange={(value) => go(name, value && value !== "overview" ? { tab: value } : {})}
        className="dataset-tabs"
        keepMounted={false}
      >
        <Tabs.List aria-label="Collection sections">
          {TABS.map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} className="page" tabIndex={0}>
          <Suspense fallback={<Lines />}>{body}</Suspense>
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
