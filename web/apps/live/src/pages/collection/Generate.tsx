/** Made-up records of five domains, to try things with. */
import { Button, NumberInput, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { call } from "@canvasback/client/api/client";
import type { Job } from "@canvasback/client/api/schema";
import { Problem } from "../../ui/states";
import { WorkLine } from "./WorkLine";

const TYPES = [
  { value: "user", label: "Users" },
  { value: "transaction", label: "Transactions" },
  { value: "event", label: "Events" },
  { value: "product", label: "Products" },
  { value: "sensor", label: "Sensor readings" },
] as const;

const COUNT_MAX = 100_000_000;

export function Generate({ collection }: { collection: string }) {
  const [type, setType] = useState<(typeof TYPES)[number]["value"]>("transaction");
  const [count, setCount] = useState<number | string>(10_000);
  const [seed, setSeed] = useState<number | string>(0);
  const [jobs, setJobs] = useState<readonly string[]>([]);
  const wanted = Number(count);
  const good = Number.isInteger(wanted) && wanted >= 1 && wanted <= COUNT_MAX;
  const begin = useMutation({
    mutationFn: () =>
      call("generateRecords", {
        params: { name: collection },
        headers: { prefer: "respond-async" },
        body: { type, count: wanted, seed: Number(seed) || 0 },
      }),
    onSuccess: (job: Job) => setJobs((known) => [job.id, ...known]),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (good) begin.mutate();
  };
  return (
    <section className="section" aria-label="Generate sample data">
      <h2>Generate sample data</h2>
      <form className="row wrap generate" onSubmit={submit}>
        <Select
          label="Type"
          data={[...TYPES]}
          value={type}
          allowDeselect={false}
          onChange={(value) => value && setType(value)}
        />
        <NumberInput
          label="Number of records"
          value={count}
          onChange={setCount}
          min={1}
          max={COUNT_MAX}
          allowDecimal={false}
          thousandSeparator=","
          error={!good}
        />
        <NumberInput label="Seed" value={seed} onChange={setSeed} min={0} allowDecimal={false} />
        <Button type="submit" variant="default" disabled={!good} loading={begin.isPending}>
          Generate
        </Button>
      </form>
      {begin.error && <Problem error={begin.error} />}
      {jobs.map((id) => (
        <WorkLine key={id} id={id} />
      ))}
    </section>
  );
}
