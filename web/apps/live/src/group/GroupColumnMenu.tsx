/** The menu of a grouped table's column: its order, and what it is of the grouping. */
import { Menu } from "@mantine/core";
import { IconColumns3, IconSortAscending, IconSortDescending, IconX } from "@tabler/icons-react";

import { type Grouping, tokenOfKey, tokenOfMeasure } from "../state/grouping";
import type { GroupColumn } from "./groupFrame";

export interface GroupMenuAt {
  column: GroupColumn;
  box: DOMRect;
}

interface GroupColumnMenuProps {
  at: GroupMenuAt | null;
  grouping: Grouping;
  onGrouping(grouping: Grouping): void;
  onClose(): void;
}

const ICON = { size: 15, stroke: 1.6 } as const;

export function GroupColumnMenu({ at, grouping, onGrouping, onClose }: GroupColumnMenuProps) {
  const column = at?.column;
  const token = column && column.role !== "cell" ? column.token : null;
  const sort = (descending: boolean): void => {
    if (token !== null) onGrouping({ ...grouping, sort: [{ column: token, descending }] });
  };
  const remove = (): void =>
    onGrouping({
      ...grouping,
      keys: grouping.keys.filter((key) => tokenOfKey(key) !== token),
      measures: grouping.measures.filter((measure) => tokenOfMeasure(measure) !== token),
    });
  const isKey = column?.role === "key";
  return (
    <Menu
      opened={at !== null}
      onChange={(open) => !open && onClose()}
      position="bottom-start"
      width={230}
      returnFocus
    >
      <Menu.Target>
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
      </Menu.Target>
      <Menu.Dropdown>
        {token === null ? (
          <Menu.Item leftSection={<IconX {...ICON} />} onClick={() => onGrouping({ ...grouping, pivot: null })}>
            Remove pivot
          </Menu.Item>
        ) : (
          <>
            <Menu.Item leftSection={<IconSortAscending {...ICON} />} onClick={() => sort(false)}>
              Sort ascending
            </Menu.Item>
            <Menu.Item leftSection={<IconSortDescending {...ICON} />} onClick={() => sort(true)}>
              Sort descending
            </Menu.Item>
            {isKey && grouping.keys.length > 1 && (
              <Menu.Item
                leftSection={<IconColumns3 {...ICON} />}
                onClick={() =>
                  onGrouping({
                    ...grouping,
                    keys: grouping.keys.filter((key) => tokenOfKey(key) !== token),
                    pivot: column.key,
                  })
                }
              >
                Pivot: values as columns
              </Menu.Item>
            )}
            {token !== "*" && (
              <Menu.Item leftSection={<IconX {...ICON} />} onClick={remove}>
                {isKey ? "Remove from grouping" : "Remove measure"}
              </Menu.Item>
            )}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
