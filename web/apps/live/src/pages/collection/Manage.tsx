/** What is done to a collection's files by hand: merging, archiving, restoring, checking, a backup; each confirmed. */
import { Button, Modal, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { call } from "@canvasback/client/api/client";
import type { Job } from "@canvasback/client/api/schema";
import { Problem } from "../../ui/states";
import { WorkLine } from "./WorkLine";

type Kind = "compact" | "archive" | "restore" | "verify" | "backup";

interface Action {
  kind: Kind;
  label: string;
  /** What it does, as asked before it is done. */
  asks: string;
  /** Which weeks there are to choose from. */
  weeks?: "live" | "archived";
}

const ACTIONS: readonly Action[] = [
  {
    kind: "compact",
    label: "Merge now",
    asks:
      "Merges all commits so that each week becomes one file. Records do not change. This also happens " +
      "automatically, a little later.",
  },
  {
    kind: "archive",
    label: "Archive…",
    weeks: "live",
    asks:
      "Moves the files of all weeks before the selected one to the archive. Queries do not return their records " +
      "until you restore them. Nothing is deleted.",
  },
  {
    kind: "restore",
    label: "Restore…",
    weeks: "archived",
    asks: "Moves the files of this and all later weeks back from the archive, so that queries return them again.",
  },
  {
    kind: "verify",
    label: "Verify files",
    asks: "Reads every file in full and compares checksums. With a large collection this takes a while.",
  },
  {
    kind: "backup",
    label: "Back up",
    asks:
      "Creates one tar file of all collections as they are now, including archives. Unpack it anywhere to get a " +
      "complete data folder.",
  },
];

async function start(collection: string, kind: Kind, week: string | null): Promise<Job> {
  const params = { name: collection };
  const headers = { prefer: "respond-async" };
  switch (kind) {
    case "compact":
      return call("compactCollection", { params, headers });
    case "archive":
      return call("archiveCollection", { params, headers, body: { before: week ?? "" } });
    case "restore":
      return call("restoreCollection", { params, headers, body: week ? { from: week } : {} });
    case "verify":
      return call("verifyCollection", { params, headers });
    case "backup":
      return call("startBackup", { headers });
  }
}

export interface Weeks {
  live: readonly string[];
  archived: readonly string[];
}

interface ConfirmProps {
  collection: string;
  action: Action;
  weeks: Weeks;
  onClose(): void;
  onStarted(job: Job): void;
}

function defaultWeek(action: Action, weeks: readonly string[]): string | null {
  const sorted = [...weeks].sort();
  return (action.weeks === "live" ? sorted.at(-1) : sorted.at(0)) ?? null;
}

function Confirm({ collection, action, weeks, onClose, onStarted }: ConfirmProps) {
  const choices = action.weeks ? weeks[action.weeks] : [];
  // The first choice must do something: before the earliest week there is nothing to archive.
  const [week, setWeek] = useState<string | null>(defaultWeek(action, choices));
  const begin = useMutation({ mutationFn: () => start(collection, action.kind, week), onSuccess: onStarted });
  return (
    <form
      style={{ display: "grid", gap: 14 }}
      onSubmit={(event) => {
        event.preventDefault();
        begin.mutate();
      }}
    >
      <p style={{ margin: 0 }}>{action.asks}</p>
      {action.weeks && (
        <Select
          label={action.weeks === "live" ? "Weeks before" : "From week"}
          data={[...choices]}
          value={week}
          allowDeselect={false}
          searchable={choices.length > 12}
          onChange={setWeek}
        />
      )}
      {begin.error && <Problem error={begin.error} />}
      <div className="row">
        <span className="spacer" />
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={begin.isPending} data-autofocus>
          {action.label.replace("…", "")}
        </Button>
      </div>
    </form>
  );
}

export function Manage({ collection, weeks }: { collection: string; weeks: Weeks }) {
  const [asked, setAsked] = useState<Action | null>(null);
  const [jobs, setJobs] = useState<readonly string[]>([]);
  return (
    <section aria-label="Maintenance">
      <div className="row wrap">
        {ACTIONS.map((action) => (
          <Button
            key={action.kind}
            variant="default"
            disabled={action.weeks !== undefined && weeks[action.weeks].length === 0}
            onClick={() => setAsked(action)}
          >
            {action.label}
          </Button>
        ))}
      </div>
      {jobs.map((id) => (
        <WorkLine key={id} id={id} />
      ))}
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={
          <strong>
            {asked?.kind === "backup" ? "Back up all collections" : `${asked?.label ?? ""} ${collection}`}
          </strong>
        }
        centered
      >
        {asked && (
          <Confirm
            collection={collection}
            action={asked}
            weeks={weeks}
            onClose={() => setAsked(null)}
            onStarted={(job) => {
              setJobs((known) => [job.id, ...known]);
              setAsked(null);
            }}
          />
        )}
      </Modal>
    </section>
  );
}
