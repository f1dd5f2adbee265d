/** Statements that ran, with a search. */
import { Button, Drawer, TextInput } from "@mantine/core";
import { useState } from "react";

import { moment } from "@canvasback/values/format";
import { Empty } from "../ui/states";
import { useSqlStore } from "./store";

export function History({
  opened,
  onClose,
  onChoose,
}: {
  opened: boolean;
  onClose(): void;
  onChoose(sql: string): void;
}) {
  const { history, forget } = useSqlStore();
  const [search, setSearch] = useState("");
  const found = history.filter((entry) => entry.sql.toLowerCase().includes(search.toLowerCase()));
  return (
    <Drawer opened={opened} onClose={onClose} position="right" title={<strong>Query history</strong>}>
      <div className="row" style={{ marginBottom: 10 }}>
        <TextInput
          flex={1}
          aria-label="Search history"
          placeholder="Find"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
        {history.length > 0 && (
          <Button variant="subtle" color="gray" onClick={forget}>
            Clear history
          </Button>
        )}
      </div>
      {found.length === 0 && <Empty title={history.length === 0 ? "No queries yet" : "No matching queries"} />}
      {found.map((entry) => (
        <button
          key={entry.at}
          type="button"
          className="history-entry"
          onClick={() => {
            onChoose(entry.sql);
            onClose();
          }}
        >
          <pre>{entry.sql}</pre>
          <small className="dim">{moment(entry.at)}</small>
        </button>
      ))}
    </Drawer>
  );
}
