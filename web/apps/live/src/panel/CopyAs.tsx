/** Copies what a page shows as something that gives the same elsewhere: a link, a command, a program, a statement. */
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconBrandPython, IconExternalLink, IconLink, IconShare2, IconSql, IconTerminal2 } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { writeClipboard } from "@canvasback/grid/clipboard";
import type { CopyKind } from "../state/copyAs";

const ICON = { size: 15, stroke: 1.6 } as const;

const ITEMS: { kind: CopyKind; label: string; icon: typeof IconLink }[] = [
  { kind: "link", label: "Copy link", icon: IconLink },
  { kind: "curl", label: "Copy as curl", icon: IconTerminal2 },
  { kind: "python", label: "Copy as Python", icon: IconBrandPython },
  { kind: "sql", label: "Copy as SQL", icon: IconSql },
];

export function CopyAs({ make }: { make(kind: CopyKind): string }) {
  const [message, setMessage] = useState("");
  const navigate = useNavigate();
  const copy = async (kind: CopyKind): Promise<void> => {
    try {
      await writeClipboard(make(kind));
      setMessage("Copied");
    } catch (error) {
      setMessage(`Copy failed: ${(error as Error).message}`);
    }
  };
  return (
    <>
      <span className="visually-hidden" role="status">
        {message}
      </span>
      <Menu position="bottom-end" onOpen={() => setMessage("")}>
        <Menu.Target>
          <Tooltip label="Copy this view">
            <ActionIcon size={30} variant="default" aria-label="Copy this view">
              <IconShare2 {...ICON} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {ITEMS.map(({ kind, label, icon: Icon }) => (
            <Menu.Item key={kind} leftSection={<Icon {...ICON} />} onClick={() => void copy(kind)}>
              {label}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconExternalLink {...ICON} />}
            onClick={() => void navigate({ to: "/sql", search: { sql: make("sql") } })}
          >
            Open in SQL
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
