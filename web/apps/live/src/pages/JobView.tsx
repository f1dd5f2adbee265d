/** A job as it goes on: progress, rate, time left; then its receipt and its file. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";

import { bytes, compact, duration, integer, moment } from "@canvasback/values/format";
import { ApiError } from "@canvasback/client/api/error";
import type { Job } from "@canvasback/client/api/schema";
import { useJob, useRemoveJob } from "../services/job";
import { Bar, Lines, Problem } from "../ui/states";
import { hasEnded, nameOf, outcomeOf, stepsOf } from "../state/work";

function Progress({ job }: { job: Job }) {
  const parts = [
    `${integer(job.rows_done)}${job.rows_total === null ? "" : ` of ${integer(job.rows_total)}`} ${stepsOf(job)}`,
    bytes(job.bytes),
  ];
  if (job.rows_per_second !== null) parts.push(`${compact(job.rows_per_second)} ${stepsOf(job)}/s`);
  if (job.eta_s !== null) parts.push(`${duration(job.eta_s * 1000)} left`);
  return (
    <>
      <Bar share={job.state === "queued" ? null : job.share} label={`Progress of ${nameOf(job)}`} />
      <p className="dim" style={{ margin: 0, fontVariantNumeric: "tabular-nums" }}>
        {job.state === "queued" ? "Waiting for a worker" : parts.join(" · ")}
      </p>
    </>
  );
}

function Receipt({ job }: { job: Job }) {
  if (!job.receipt) return null;
  return (
    <dl className="facts" style={{ gridTemplateColumns: "minmax(0, 1fr)" }}>
      <div>
        <dt>Rows</dt>
        <dd>{integer(job.receipt.rows)}</dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>{bytes(job.receipt.bytes)}</dd>
      </div>
      <div>
        <dt>SHA-256</dt>
        <dd className="mono" title={job.receipt.sha256}>
          {job.receipt.sha256}
        </dd>
      </div>
      {job.file && (
        <div>
          <dt>Available until</dt>
          <dd>{moment(job.file.until)}</dd>
        </div>
      )}
    </dl>
  );
}

export function JobView({ id, onGone }: { id: string; onGone(): void }) {
  const { data: job, error } = useJob(id);
  const remove = useRemoveJob();
  if (error && !job) {
    const gone = error instanceof ApiError && error.code === "JobNotFound";
    return (
      <div style={{ display: "grid", gap: 12 }}>
        {gone ? (
          <p className="dim">
            This job is no longer available. Exported files expire after a while, and restarting the server removes
            them.
          </p>
        ) : (
          <Problem error={error} />
        )}
        <Button variant="default" onClick={onGone}>
          Close
        </Button>
      </div>
    );
  }
  if (!job) return <Lines count={3} />;
  const going = !hasEnded(job);
  return (
    <div style={{ display: "grid", gap: 12 }} data-testid="job" data-state={job.state}>
      <div className="row">
        <strong>{nameOf(job)}</strong>
        {job.format && <span className="tag">{job.format}</span>}
      </div>
      {going && <Progress job={job} />}
      {job.state === "done" && <Receipt job={job} />}
      {job.state === "cancelled" && <p className="dim">Cancelled. No file was kept.</p>}
      {job.result && <p>{outcomeOf(job)}</p>}
      {job.error && (
        <Problem error={new ApiError({ title: "Job failed", detail: job.error.message, code: job.error.code })} />
      )}
      <div className="row">
        <span className="spacer" />
        {going && (
          <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate(id)}>
            Cancel job
          </Button>
        )}
        {!going && (
          <Button variant="default" onClick={onGone}>
            Close
          </Button>
        )}
        {job.file && (
          <Button
            component="a"
            href={job.file.href}
            download={job.file.filename}
            leftSection={<IconDownload size={15} />}
          >
            Download
          </Button>
        )}
      </div>
    </div>
  );
}
