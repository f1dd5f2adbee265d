/** Renaming, emptying and deleting a collection: a menu, and a dialog that says what becomes of the records. */
import { Button, Menu, Modal, TextInput } from "@mantine/core";
import { IconDotsVertical, IconEraser, IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";

import { call } from "@canvasback/client/api/client";
import { Problem } from "../../ui/states";

type Kind = "rename" | "empty" | "delete";

const ICON = { size: 15, stroke: 1.6 } as const;
/** The one that records go to without a name: it is always there. */
const DEFAULT = "all_records";

const TITLE: Record<Kind, string> = { rename: "Rename", empty: "Empty", delete: "Delete" };

interface DialogProps {
  kind: Kind;
  collection: string;
  onClose(): void;
  onDone(name: string | null): void;
}

function Dialog({ kind, collection, onClose, onDone }: DialogProps) {
  const [name, setName] = useState(collection);
  const queries = useQueryClient();
  const work = useMutation({
    mutationFn: async (): Promise<string | null> => {
      const params = { name: collection };
      if (kind === "rename") return (await call("renameCollection", { params, body: { name } })).name;
      await call(kind === "empty" ? "emptyCollection" : "deleteCollection", { params });
      return kind === "empty" ? collection : null;
    },
    onSuccess: async (now) => {
      onDone(now);
      await queries.invalidateQueries();
    },
  });
  const words: Record<Kind, ReactNode> = {
    rename:
      "Its records, schema and archive keep as they are. Queries and dashboards that use the name do not change.",
    empty:
      "Its live records go to the trash; its schema and its archive stay. They can be restored from the datasets page.",
    delete:
      "Its records, archive and schema go to the trash. They can be restored from the datasets page for some days.",
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    work.mutate();
  };
  return (
    <form style={{ display: "grid", gap: 14 }} onSubmit={submit}>
      <p style={{ margin: 0 }}>{words[kind]}</p>
      {kind === "rename" && (
        <TextInput
          label="New name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
      )}
      {work.error && <Problem error={work.error} />}
      <div className="row">
        <span className="spacer" />
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          type="submit"
          {...(kind === "rename" ? {} : { color: "red.9" })}
          loading={work.isPending}
          disabled={kind === "rename" && (name === collection || name === "")}
        >
          {TITLE[kind]}
        </Button>
      </div>
    </form>
  );
}

/** onDone: the name that the collection has now; null: it is deleted. */
export function Remove({ collection, onDone }: { collection: string; onDone(name: string | null): void }) {
  const [asked, setAsked] = useState<Kind | null>(null);
  const isDefault = collection === DEFAULT;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" aria-label="More actions" px={8}>
            <IconDotsVertical {...ICON} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {!isDefault && (
            <Menu.Item leftSection={<IconPencil {...ICON} />} onClick={() => setAsked("rename")}>
              Rename…
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconEraser {...ICON} />} onClick={() => setAsked("empty")}>
            Empty…
          </Menu.Item>
          {!isDefault && (
            <Menu.Item color="red.9" leftSection={<IconTrash {...ICON} />} onClick={() => setAsked("delete")}>
              Delete…
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={<strong>{asked && `${TITLE[asked]} ${collection}`}</strong>}
        centered
      >
        {asked && (
          <Dialog
            kind={asked}
            collection={collection}
            onClose={() => setAsked(null)}
            onDone={(name) => {
              setAsked(null);
              onDone(name);
            }}
          />
        )}
      </Modal>
    </>
  );
}
