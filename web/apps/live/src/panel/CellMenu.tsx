/** The menu of a cell: copy, see, filter by its value. */
import { Menu } from "@mantine/core";
import {
  IconCopy,
  IconEye,
  IconFilter,
  IconFilterOff,
  IconListDetails,
  IconSearch,
  IconTableExport,
} from "@tabler/icons-react";

import { type Condition, withCondition } from "@canvasback/client/filters";
import type { ViewFrame } from "@canvasback/client/viewFrame";
import { kindOf } from "@canvasback/values/typeKind";
import type { Position } from "@canvasback/grid/selection";
import { labelOf } from "@canvasback/values/visibleText";
import type { Columns } from "./useColumns";

export interface CellMenuAt {
  position: Position;
  /** In the frame. */
  column: number;
  x: number;
  y: number;
}

interface CellMenuProps {
  at: CellMenuAt | null;
  frame: ViewFrame | null;
  columns: Columns;
  onCopy(headers: boolean): void;
  onOpen(position: Position): void;
  onDetails(row: number): void;
  onConditions(conditions: Condition[]): void;
  onSearch(text: string): void;
  onClose(): void;
}

const SHOWN_MAX = 28;
const ICON = { size: 15, stroke: 1.6 } as const;

export function CellMenu(props: CellMenuProps) {
  const { at, frame, columns, onCopy, onOpen, onConditions, onSearch, onClose } = props;
  const column = at ? frame?.columns[at.column] : undefined;
  const value = at && frame ? frame.getCell(at.position.row, at.column) : undefined;
  const cut = at && frame ? frame.wholeBytes(at.position.row, at.column) > 0 : false;
  const name = column?.name ?? "";
  const filterable = value !== undefined && !cut;
  const text = labelOf(value ?? null).slice(0, SHOWN_MAX);
  const only = (): Condition =>
    value === null || value === undefined
      ? { column: name, kind: "null", isNull: true }
      : { column: name, kind: "compare", op: "eq", value };
  const without = (): Condition =>
    value === null || value === undefined
      ? { column: name, kind: "null", isNull: false }
      : { column: name, kind: "compare", op: "ne", value };
  return (
    <Menu
      opened={at !== null}
      onChange={(open) => !open && onClose()}
      position="bottom-start"
      width={250}
      returnFocus
    >
      <Menu.Target>
        <div
          aria-hidden
          style={{ position: "fixed", left: at?.x ?? 0, top: at?.y ?? 0, width: 1, height: 1, pointerEvents: "none" }}
        />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconCopy {...ICON} />}
          rightSection={<small className="dim">Ctrl C</small>}
          onClick={() => onCopy(false)}
        >
          Copy
        </Menu.Item>
        <Menu.Item
          leftSection={<IconTableExport {...ICON} />}
          rightSection={<small className="dim">Ctrl Shift C</small>}
          onClick={() => onCopy(true)}
        >
          Copy with headers
        </Menu.Item>
        <Menu.Item
          leftSection={<IconEye {...ICON} />}
          rightSection={<small className="dim">Enter</small>}
          onClick={() => at && onOpen(at.position)}
        >
          View full value
        </Menu.Item>
        <Menu.Item
          leftSection={<IconListDetails {...ICON} />}
          rightSection={<small className="dim">r</small>}
          onClick={() => at && props.onDetails(at.position.row)}
        >
          Row details
        </Menu.Item>
        {column && kindOf(column.type) === "nested" && value && !cut && (
          <Menu.Item leftSection={<IconSearch {...ICON} />} onClick={() => onSearch(value)}>
            Search for {text}
          </Menu.Item>
        )}
        {filterable && (
          <>
            <Menu.Divider />
            <Menu.Item
              leftSection={<IconFilter {...ICON} />}
              onClick={() => onConditions(withCondition(columns.conditions, name, only()))}
            >
              Filter to {text}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconFilterOff {...ICON} />}
              onClick={() => onConditions([...columns.conditions, without()])}
            >
              Exclude {text}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
