/** A job as it goes on: progress, rate, time left; then its receipt and its file. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { bytes, compact, duration, integer, moment } from "@canvasback/values/format";
import { queryClient } from "../services/services";
import { Bar, Lines, Problem } from "../ui/states";
import { call, pathOf } from "@canvasback/client/api/client";
import { ApiError } from "@canvasback/client/api/error";
import { OPERATIONS, type Job } from "@canvasback/client/api/schema";
import { nameOf, outcomeOf, stepsOf } from "../state/work";

const ENDED = ["done", "failed", "cancelled"];

/** A job, kept up to date by the server's events while it goes on. */
export function useJob(id: string) {
  const job = useQuery({
    queryKey: ["job", id],
    queryFn: ({ signal }) => call("getJob", { params: { id } }, signal),
    staleTime: 0,
  });
  const ended = job.data ? ENDED.includes(job.data.state) : job.isError;
  useEffect(() => {
    if (ended) return;
    const events = new EventSource(pathOf(OPERATIONS.watchJob.path, { id }));
    const take = (event: MessageEvent<string>): void => {
      queryClient.setQueryData(["job", id], JSON.parse(event.data) as Job);
    };
    events.addEventListener("progress", take);
    events.addEventListener("end", (event) => {
      take(event as MessageEvent<string>);
      events.close();
      void queryClient.invalidateQueries({ queryKey: ["jobs"] });
    });
    return () => events.close();
  }, [id, ended]);
  return job;
}

export function useRemoveJob(onGone?: () => void) {
  return useMutation({
    mutationFn: (id: string) => call("removeJob", { params: { id } }),
    onSettled: (_, __, id) => {
      void queryClient.invalidateQueries({ queryKey: ["jobs"] });
      void queryClient.invalidateQueries({ queryKey: ["job", id] });
      onGone?.();
    },
  });
}

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
          <dt>Kept until</dt>
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
            This job is gone: files are kept for a while, and a server that starts again has none.
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
  const going = !ENDED.includes(job.state);
  return (
    <div style={{ display: "grid", gap: 12 }} data-testid="job" data-state={job.state}>
      <div className="row">
        <strong>{nameOf(job)}</strong>
        {job.format && <span className="tag">{job.format}</span>}
      </div>
      {going && <Progress job={job} />}
      {job.state === "done" && <Receipt job={job} />}
      {job.state === "cancelled" && <p className="dim">Cancelled; nothing of a file is left.</p>}
      {job.result && <p>{outcomeOf(job)}</p>}
      {job.error && (
        <Problem error={new ApiError({ title: "The job failed", detail: job.error.message, code: job.error.code })} />
      )}
      <div className="row">
        <span className="spacer" />
        {going && (
          <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate(id)}>
            Cancel the job
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
