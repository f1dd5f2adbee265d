/** The menu of a column: what it is, its order, filter and place. One for all columns, at the header that opened it. */
import { ActionIcon, Button, Divider, Popover, Tooltip } from "@mantine/core";
import {
  IconArrowsHorizontal,
  IconChevronLeft,
  IconChevronRight,
  IconEyeOff,
  IconPin,
  IconPinnedOff,
  IconSortAscending,
  IconSortDescending,
  IconStack,
} from "@tabler/icons-react";
import type { ReactNode } from "react";

import { toFilter } from "@canvasback/client/filters";
import type { Condition } from "@canvasback/client/filters";
import { FilterForm } from "./FilterForm";
import type { ProfileFilter } from "./MiniProfile";
import { ProfileCard } from "./ProfileCard";
import type { Columns } from "./useColumns";

export interface MenuAt {
  index: number;
  /** Of the header it is opened on, in the window. */
  box: DOMRect;
}

interface ColumnMenuProps {
  at: MenuAt | null;
  columns: Columns;
  dataset: string | null;
  version: string | undefined;
  onConditions(conditions: Condition[]): void;
  /** Groups the rows by the column; where they cannot be grouped there is none. */
  onGroup?: ((column: string) => void) | undefined;
  profileFilter?: ProfileFilter | undefined;
  onClose(): void;
}

function Act({ label, onClick, children }: { label: string; onClick(): void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

const ICON = { size: 17, stroke: 1.6 } as const;

interface ActionsProps {
  index: number;
  columns: Columns;
  onGroup: ((column: string) => void) | undefined;
  onClose(): void;
}

function Actions({ index, columns, onGroup, onClose }: ActionsProps) {
  const name = columns.all[index]?.name ?? "";
  const place = [
    ...columns.shown.filter((each) => each.pinned),
    ...columns.shown.filter((each) => !each.pinned),
  ].findIndex((each) => each.index === index);
  const pinned = columns.pinned.has(name);
  const key = columns.sort.find((each) => each.column === name);
  const others = columns.sort.filter((each) => each !== key);
  const then = (act: () => void) => () => {
    act();
    onClose();
  };
  return (
    <>
      <div className="row">
        <Button
          flex={1}
          variant={key && !key.descending ? "light" : "default"}
          leftSection={<IconSortAscending {...ICON} />}
          onClick={then(() => columns.setSort([{ column: name, descending: false }]))}
        >
          Ascending
        </Button>
        <Button
          flex={1}
          variant={key?.descending ? "light" : "default"}
          leftSection={<IconSortDescending {...ICON} />}
          onClick={then(() => columns.setSort([{ column: name, descending: true }]))}
        >
          Descending
        </Button>
      </div>
      {onGroup && (
        <Button variant="default" leftSection={<IconStack {...ICON} />} onClick={then(() => onGroup(name))}>
          Group by {name}
        </Button>
      )}
      <div className="row">
        {others.length > 0 && !key && (
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={then(() => columns.setSort([...others, { column: name, descending: false }]))}
          >
            Add to sort
          </Button>
        )}
        {key && (
          <Button size="compact-xs" variant="subtle" onClick={then(() => columns.setSort(others))}>
            Clear sort
          </Button>
        )}
        <span className="spacer" />
        <Act label="Move left" onClick={() => columns.move(index, place - 1)}>
          <IconChevronLeft {...ICON} />
        </Act>
        <Act label="Move right" onClick={() => columns.move(index, place + 1)}>
          <IconChevronRight {...ICON} />
        </Act>
        <Act
          label="Wider"
          onClick={() =>
            columns.resize(index, (columns.shown.find((each) => each.index === index)?.width ?? 120) + 60)
          }
        >
          <IconArrowsHorizontal {...ICON} />
        </Act>
        <Act label={pinned ? "Unpin" : "Pin to the left"} onClick={then(() => columns.togglePin(name))}>
          {pinned ? <IconPinnedOff {...ICON} /> : <IconPin {...ICON} />}
        </Act>
        <Act label="Hide" onClick={then(() => columns.setHidden([...columns.hidden, name]))}>
          <IconEyeOff {...ICON} />
        </Act>
      </div>
    </>
  );
}

export function ColumnMenu(props: ColumnMenuProps) {
  const { at, columns, dataset, version, onConditions, onClose } = props;
  const column = at ? columns.all[at.index] : undefined;
  return (
    <Popover
      opened={at !== null}
      onChange={(open) => !open && onClose()}
      position="bottom-start"
      trapFocus
      returnFocus
      width={312}
      withinPortal
    >
      <Popover.Target>
        <div
          aria-hidden
          style={{
            position: "fixed",
            left: at?.box.left ?? 0,
            top: at?.box.top ?? 0,
            width: at?.box.width ?? 0,
            height: at?.box.height ?? 0,
            pointerEvents: "none",
          }}
        />
      </Popover.Target>
      <Popover.Dropdown className="column-menu" aria-label={column ? `Column ${column.name}` : undefined}>
        {at && column && (
          <>
            <div className="row">
              <strong className="cut">{column.name}</strong>
              <span className="spacer" />
              <span className="tag mono">{column.type}</span>
            </div>
            {dataset && (
              <ProfileCard
                dataset={dataset}
                version={version}
                column={column.name}
                filter={toFilter(columns.conditions)}
                small
                onFilter={props.profileFilter}
              />
            )}
            <Actions index={at.index} columns={columns} onGroup={props.onGroup} onClose={onClose} />
            <Divider />
            <FilterForm
              key={column.name}
              column={column.name}
              type={column.type}
              dataset={dataset}
              conditions={columns.conditions}
              onChange={onConditions}
              onDone={onClose}
            />
          </>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
