/** What each column's values are like. A column is read when its card comes into sight. */
import { TextInput } from "@mantine/core";
import { useState } from "react";

import type { DatasetColumn, DatasetDetail, Filter } from "@canvasback/client/api/schema";
import { Filtered } from "./Filtered";
import { ProfileCard } from "../../panel/ProfileCard";
import { useInSight } from "./useInSight";

function Card({
  dataset,
  column,
  filter,
}: {
  dataset: DatasetDetail;
  column: DatasetColumn;
  filter: Filter | undefined;
}) {
  const { ref, seen } = useInSight();
  return (
    <section className="card" ref={ref} style={{ minHeight: 210 }} aria-label={column.name}>
      <div className="row" style={{ marginBottom: 10 }}>
        <h2 className="cut">{column.name}</h2>
        <span className="spacer" />
        <span className="tag mono">{column.type}</span>
      </div>
      {seen && <ProfileCard dataset={dataset.name} version={dataset.version} column={column.name} filter={filter} />}
    </section>
  );
}

export default function ProfileTab({ dataset, filter }: { dataset: DatasetDetail; filter: Filter | undefined }) {
  const [search, setSearch] = useState("");
  const columns = (dataset.columns ?? []).filter((column) =>
    column.name.toLowerCase().includes(search.toLowerCase()),
  );
  return (
    <>
      <div className="page-head">
        <h2>Profile</h2>
        <Filtered filter={filter} />
        <span className="spacer" />
        <TextInput
          aria-label="Find column"
          placeholder="Find column"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      <div className="cards">
        {columns.map((column) => (
          <Card key={column.name} dataset={dataset} column={column} filter={filter} />
        ))}
      </div>
    </>
  );
}
