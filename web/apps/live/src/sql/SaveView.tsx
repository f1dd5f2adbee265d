/** Saves a statement under a name, by which other statements use it like a table. */
import { ActionIcon, Button, Popover, TextInput, Tooltip } from "@mantine/core";
import { IconBookmark } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";

import { useSqlStore } from "./store";
import { isViewName } from "./views";

interface SaveViewProps {
  /** The statement that is saved, when it is. */
  statement(): string;
  disabled: boolean;
  onSaved(name: string): void;
}

export function SaveView({ statement, disabled, onSaved }: SaveViewProps) {
  const { views, save } = useSqlStore();
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isViewName(name)) return;
    save({ name, sql: statement() });
    onSaved(name);
    setOpened(false);
    setName("");
  };
  const known = views.some((view) => view.name === name);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus width={290}>
      <Popover.Target>
        <Tooltip label="Save as view">
          <ActionIcon
            size={30}
            variant="default"
            aria-label="Save as view"
            disabled={disabled}
            onClick={() => setOpened((open) => !open)}
          >
            <IconBookmark size={16} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <form className="row" onSubmit={submit}>
          <TextInput
            aria-label="View name"
            placeholder="name"
            error={name !== "" && !isViewName(name)}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Button type="submit" disabled={!isViewName(name)}>
            {known ? "Replace" : "Save"}
          </Button>
        </form>
        <p className="dim" style={{ margin: "8px 0 0", fontSize: 12 }}>
          Your queries can use it like a table. Saved in this browser.
        </p>
      </Popover.Dropdown>
    </Popover>
  );
}
