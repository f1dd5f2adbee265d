/** Exports and work on collections, under way and finished. */
import { Button, Modal } from "@mantine/core";
import { useState } from "react";

import { bytes, compact, duration, integer, moment } from "@canvasback/values/format";
import type { Job } from "@canvasback/client/api/schema";
import { useRemoveJob } from "../services/job";
import { useJobs } from "../services/queries";
import { Bar, Empty, Lines, Problem } from "../ui/states";
import { nameOf, outcomeOf } from "../state/work";
import { JobView } from "./JobView";
import { useTitle } from "../ui/title";

const TONES: Partial<Record<Job["state"], string>> = { done: "good", failed: "bad", running: "accent" };

function JobRow({ job, onOpen }: { job: Job; onOpen(): void }) {
  const remove = useRemoveJob();
  const going = job.state === "running" || job.state === "queued";
  return (
    <tr>
      <td>
        <button type="button" className="link cut" title={job.text} onClick={onOpen}>
          {nameOf(job)}
        </button>
      </td>
      <td>{job.format && <span className="tag">{job.format}</span>}</td>
      <td>
        <span className="tag" data-tone={TONES[job.state]}>
          {job.state}
        </span>
      </td>
      <td style={{ minWidth: 120 }}>
        {going ? (
          <Bar share={job.share} label={`Progress of ${job.text}`} />
        ) : (
          <span className="dim">{job.error?.message ?? outcomeOf(job)}</span>
        )}
      </td>
      <td className="num">{integer(job.rows_done)}</td>
      <td className="num">{bytes(job.bytes)}</td>
      <td className="num">
        {going && job.eta_s !== null
          ? `${duration(job.eta_s * 1000)} left`
          : job.rows_per_second === null
            ? "–"
            : `${compact(job.rows_per_second)} rows/s`}
      </td>
      <td>{moment(job.created)}</td>
      <td className="num">
        {job.file && (
          <Button component="a" size="compact-xs" variant="light" href={job.file.href} download={job.file.filename}>
            Download
          </Button>
        )}{" "}
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          loading={remove.isPending}
          onClick={() => remove.mutate(job.id)}
        >
          {going ? "Cancel" : "Remove"}
        </Button>
      </td>
    </tr>
  );
}

export function JobsPage() {
  useTitle("Jobs");
  const { data, error, refetch, isPending } = useJobs();
  const [opened, setOpened] = useState<string | null>(null);
  const jobs = [...(data?.jobs ?? [])].sort((a, b) => (a.created < b.created ? 1 : -1));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Jobs</h1>
        <span className="dim">
          Exports and collection maintenance run on the server. Finished files can be downloaded until they expire.
        </span>
      </div>
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {isPending && !error && <Lines />}
      {data && jobs.length === 0 && (
        <Empty title="No jobs yet">
          <p>Jobs start when you export a dataset or a query result, or run maintenance on a collection.</p>
        </Empty>
      )}
      {jobs.length > 0 && (
        <div className="scroll-x" tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th>Job</th>
                <th>Format</th>
                <th>State</th>
                <th>Progress</th>
                <th className="num">Rows</th>
                <th className="num">Size</th>
                <th className="num">Rate</th>
                <th>Started</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <JobRow key={job.id} job={job} onOpen={() => setOpened(job.id)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Modal opened={opened !== null} onClose={() => setOpened(null)} title={<strong>Job</strong>} centered>
        {opened && <JobView id={opened} onGone={() => setOpened(null)} />}
      </Modal>
    </div>
  );
}
