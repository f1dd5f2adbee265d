/** Finding records: by id, by words, by time. */
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { duration, integer } from "@canvasback/values/format";
import { call } from "@canvasback/client/api/client";
import { ApiError } from "@canvasback/client/api/error";
import type { DataDocument } from "@canvasback/client/api/schema";
import { Empty, Lines, Problem } from "../../ui/states";
import { RecordsTable } from "./RecordsTable";

type Way = "words" | "id" | "time";

type Records = Pick<DataDocument, "columns" | "data" | "performance_metrics">;

interface Wanted {
  way: Way;
  /** The words, the id, or from when. */
  text: string;
  until: string;
}

const LIMIT = 100;
const WAYS = [
  { value: "words", label: "text" },
  { value: "id", label: "ID" },
  { value: "time", label: "time" },
];

function find(collection: string, { way, text, until }: Wanted, signal: AbortSignal): Promise<Records> {
  const query = { collection };
  if (way === "id") return call("queryId", { params: { id: text }, query }, signal);
  if (way === "words") return call("querySearch", { query, body: { query: text, limit: LIMIT } }, signal);
  const body = { start: text || null, end: until || null, limit: LIMIT };
  return call("queryDateRange", { query, body }, signal);
}

function Found({ collection, wanted }: { collection: string; wanted: Wanted }) {
  const { data, error, isFetching } = useQuery({
    queryKey: ["collection", collection, "find", wanted],
    queryFn: ({ signal }) => find(collection, wanted, signal),
  });
  if (isFetching && !data) return <Lines count={4} />;
  const none = error instanceof ApiError && error.status === 404;
  if (none || data?.data.length === 0) return <Empty title="No matching records" />;
  if (error && !data) return <Problem error={error} />;
  if (!data) return null;
  const rows = data.data.length;
  return (
    <>
      <p className="dim" role="status">
        {integer(rows)} {rows === 1 ? "record" : "records"}
        {rows === LIMIT && wanted.way !== "id" && " (more may match)"} in{" "}
        {duration(data.performance_metrics.duration_ms)}
      </p>
      <RecordsTable label="Matching records" answer={data} />
    </>
  );
}

export default function FindTab({ collection }: { collection: string }) {
  const [way, setWay] = useState<Way>("words");
  const [text, setText] = useState("");
  const [until, setUntil] = useState("");
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setWanted({ way, text: text.trim(), until: until.trim() });
  };
  const ready = text.trim() !== "" || (way === "time" && until.trim() !== "");
  return (
    <>
      <form className="row wrap find" role="search" aria-label="Find records" onSubmit={submit}>
        <SegmentedControl
          aria-label="Search by"
          size="xs"
          data={WAYS}
          value={way}
          onChange={(value) => setWay(value as Way)}
        />
        {way === "time" ? (
          <>
            <TextInput
              aria-label="From"
              placeholder="2025-10-01"
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
            <TextInput
              aria-label="Until"
              placeholder="2025-10-31 (inclusive)"
              value={until}
              onChange={(event) => setUntil(event.currentTarget.value)}
            />
          </>
        ) : (
          <TextInput
            className="grow"
            aria-label={way === "id" ? "ID" : "Text"}
            placeholder={way === "id" ? "Record ID" : "Words in any text column"}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        <Button type="submit" disabled={!ready}>
          Find
        </Button>
      </form>
      {wanted && <Found collection={collection} wanted={wanted} />}
    </>
  );
}
