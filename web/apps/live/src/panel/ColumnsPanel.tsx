/** All columns in a list: show, hide, pin. Made for tables of hundreds. */
import { ActionIcon, Button, Checkbox, Popover, TextInput, Tooltip } from "@mantine/core";
import { IconColumns3, IconPin, IconPinFilled } from "@tabler/icons-react";
import { useState } from "react";

import type { Columns } from "./useColumns";

export function ColumnsPanel({ columns }: { columns: Columns }) {
  const [search, setSearch] = useState("");
  const found = columns.all.filter((column) => column.name.toLowerCase().includes(search.toLowerCase()));
  const names = found.map((column) => column.name);
  const setShown = (name: string, on: boolean): void => {
    const others = [...columns.hidden].filter((each) => each !== name);
    columns.setHidden(on ? others : [...others, name]);
  };
  const label =
    columns.hidden.size > 0 ? `${columns.all.length - columns.hidden.size} of ${columns.all.length}` : "Columns";
  return (
    <Popover position="bottom-end" width={300} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={15} stroke={1.6} />}>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <TextInput
          aria-label="Find column"
          placeholder="Find column"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
        <div className="value-list" role="group" aria-label="Columns">
          {found.map(({ name, type }) => (
            <div key={name} className="value-row">
              <Checkbox
                aria-label={`Show ${name}`}
                checked={!columns.hidden.has(name)}
                onChange={(event) => setShown(name, event.currentTarget.checked)}
              />
              <span>{name}</span>
              <small>{type}</small>
              <Tooltip label={columns.pinned.has(name) ? "Unpin" : "Pin"}>
                <ActionIcon
                  size="sm"
                  aria-label={`Pin ${name}`}
                  aria-pressed={columns.pinned.has(name)}
                  onClick={() => columns.togglePin(name)}
                >
                  {columns.pinned.has(name) ? <IconPinFilled size={13} /> : <IconPin size={13} stroke={1.6} />}
                </ActionIcon>
              </Tooltip>
            </div>
          ))}
        </div>
        <div className="row">
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => columns.setHidden([...columns.hidden].filter((name) => !names.includes(name)))}
          >
            Show {search ? "these" : "all"}
          </Button>
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => columns.setHidden([...new Set([...columns.hidden, ...names])])}
          >
            Hide {search ? "these" : "all"}
          </Button>
          <span className="spacer" />
          <Button size="compact-xs" variant="subtle" color="gray" onClick={columns.reset}>
            Reset
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
