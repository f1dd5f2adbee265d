/** A dashboard under a new name: a copy, an empty one, or what Explore proposes. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { ApiError } from "@canvasback/client/api/error";
import { saveDashboard } from "../../services/dashboards";
import { Problem } from "../../ui/states";

interface SaveDialogProps {
  title: string;
  /** What it is called unless the reader says otherwise. */
  proposal: string;
  yaml: string;
  onClose(): void;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/;
const TAKEN_BY_ROUTES = ["check", "query", "schema"];

export function nameProblem(name: string): string | null {
  if (NAME.test(name) && !TAKEN_BY_ROUTES.includes(name)) return null;
  return "Letters, digits, _, - and . only, beginning with a letter or _; not check, query or schema.";
}

/** A name that is allowed, of any text. */
export function nameOf(text: string): string {
  const name = text
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9_.-]+/g, "_")
    .replace(/^[^A-Za-z_]+|_+$/g, "")
    .slice(0, 60)
    .toLowerCase();
  return name === "" || TAKEN_BY_ROUTES.includes(name) ? "dashboard" : name;
}

export function SaveDialog({ title, proposal, yaml, onClose }: SaveDialogProps) {
  const [name, setName] = useState(proposal);
  const navigate = useNavigate();
  const problem = nameProblem(name);
  const save = useMutation({
    mutationFn: () => saveDashboard(name, yaml, null),
    onSuccess: () => void navigate({ to: "/dashboards/$name", params: { name }, search: { edit: "1" } }),
  });
  const isTaken = save.error instanceof ApiError && save.error.status === 412;
  return (
    <Modal opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (problem === null) save.mutate();
        }}
      >
        <TextInput
          label="Name"
          description="Of its file, and in its address"
          value={name}
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
          error={isTaken ? `There is a dashboard “${name}” already` : name === "" ? null : problem}
        />
        {save.error && !isTaken && <Problem error={save.error} />}
        <div className="row" style={{ justifyContent: "flex-end", marginTop: 14 }}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={problem !== null}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  );
}
