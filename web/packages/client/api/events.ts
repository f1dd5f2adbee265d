/** What the server tells by itself while a job goes on (server-sent events). */
import { pathOf } from "./client";
import { type Job, OPERATIONS } from "./schema";

/** Calls back with each state of a job, the last one with `ended`; what it returns stops that. */
export function watchJob(id: string, onJob: (job: Job, ended: boolean) => void): () => void {
  const events = new EventSource(pathOf(OPERATIONS.watchJob.path, { id }));
  const jobOf = (event: Event): Job => JSON.parse((event as MessageEvent<string>).data) as Job;
  events.addEventListener("progress", (event) => onJob(jobOf(event), false));
  events.addEventListener("end", (event) => {
    events.close();
    onJob(jobOf(event), true);
  });
  return () => events.close();
}
