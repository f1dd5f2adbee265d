/** What of the rows is shown: the search over all columns, and the filters as chips. */
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import { type Condition, describe } from "@canvasback/client/filters";

const SEARCH_PAUSE_MS = 250;

export function SearchBox({ value, onChange }: { value: string; onChange(value: string | undefined): void }) {
  const [typed, setTyped] = useState(value);
  const later = useDebouncedCallback((text: string) => onChange(text || undefined), SEARCH_PAUSE_MS);
  useEffect(() => setTyped(value), [value]);
  return (
    <TextInput
      className="search"
      aria-label="Search all columns"
      placeholder="Search all columns"
      leftSection={<IconSearch size={14} />}
      value={typed}
      w={200}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        later(event.currentTarget.value);
      }}
      onKeyDown={(event) => event.key === "Enter" && onChange(typed || undefined)}
    />
  );
}

export function Chips({
  conditions,
  onChange,
}: {
  conditions: readonly Condition[];
  onChange(conditions: Condition[]): void;
}) {
  if (conditions.length === 0) return null;
  return (
    <div className="chips" role="group" aria-label="Filters">
      {conditions.map((condition, i) => (
        <span key={i} className="chip">
          <span title={describe(condition)}>{describe(condition)}</span>
          <ActionIcon
            size={18}
            color="petrol"
            aria-label={`Remove filter ${describe(condition)}`}
            onClick={() => onChange(conditions.filter((_, at) => at !== i))}
          >
            <IconX size={12} />
          </ActionIcon>
        </span>
      ))}
      {conditions.length > 1 && (
        <Button size="compact-xs" variant="subtle" onClick={() => onChange([])}>
          Remove all
        </Button>
      )}
    </div>
  );
}
