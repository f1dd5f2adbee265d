/** A job on a collection, on one line: how far it is, then what came of it. */
import { Button } from "@mantine/core";
import { useEffect } from "react";

import { integer } from "@canvasback/values/format";
import { ApiError } from "@canvasback/client/api/error";
import { queryClient } from "../../services/services";
import { Bar, Problem } from "../../ui/states";
import { nameOf, outcomeOf, stepsOf } from "../../state/work";
import { useJob, useRemoveJob } from "../../services/job";

/** What depends on a collection's records and files is asked for again. */
export function refreshCollections(): void {
  for (const queryKey of [["collection"], ["datasets"], ["dataset"], ["jobs"]]) {
    void queryClient.invalidateQueries({ queryKey });
  }
}

export function WorkLine({ id }: { id: string }) {
  const { data: job } = useJob(id);
  const remove = useRemoveJob();
  const going = !job || job.state === "running" || job.state === "queued";
  useEffect(() => {
    if (!going) refreshCollections();
  }, [going]);
  if (!job) return null;
  const problems = job.result?.problems ?? [];
  return (
    <div className="work" data-testid="work" data-kind={job.kind} data-state={job.state}>
      {going && (
        <>
          <div className="row">
            <strong>{nameOf(job)}</strong>
            <span className="dim">
              {integer(job.rows_done)}
              {job.rows_total === null ? "" : ` of ${integer(job.rows_total)}`} {stepsOf(job)}
            </span>
            <span className="spacer" />
            <Button
              size="compact-xs"
              variant="subtle"
              color="red"
              loading={remove.isPending}
              onClick={() => remove.mutate(id)}
            >
              Cancel
            </Button>
          </div>
          <Bar share={job.share} label={nameOf(job)} />
        </>
      )}
      {job.state === "done" && (
        <p className={problems.length > 0 ? "refused" : "kept"} role="status">
          {job.file ? (
            <a href={job.file.href} download={job.file.filename}>
              Download {job.file.filename}
            </a>
          ) : (
            outcomeOf(job)
          )}
        </p>
      )}
      {problems.length > 0 && (
        <ul className="record-problems">
          {problems.map(({ file, problem }) => (
            <li key={file}>
              <b>{file}</b>: {problem}
            </li>
          ))}
        </ul>
      )}
      {job.state === "cancelled" && <p className="dim">Cancelled. Steps that had already finished were kept.</p>}
      {job.error && job.state === "failed" && (
        <Problem error={new ApiError({ title: nameOf(job), detail: job.error.message, code: job.error.code })} />
      )}
    </div>
  );
}
