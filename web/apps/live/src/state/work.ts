/** Jobs in words: what each is, and what came of it. */
import type { Job } from "@canvasback/client/api/schema";
import { counted } from "@canvasback/values/counted";

const NAMES: Partial<Record<Job["kind"], string>> = {
  ingest: "Adding records",
  compact: "Merging",
  archive: "Archiving",
  restore: "Restoring",
  verify: "Verifying",
  generate: "Generating records",
  backup: "Backup",
};

export const hasEnded = (job: Job): boolean => ["done", "failed", "cancelled"].includes(job.state);

/** Of an export, the name of its file; of work, what is done to which collection. */
export function nameOf(job: Job): string {
  const name = NAMES[job.kind];
  if (!name || job.kind === "backup") return job.file?.filename ?? name ?? job.text;
  return `${name}: ${job.text}`;
}

/** What the steps of a job are, of which it tells how many are done. */
export function stepsOf(job: Job): string {
  if (job.kind === "compact") return "weeks";
  if (job.kind === "verify") return "files";
  return job.kind === "rows" || job.kind === "sql" ? "rows" : "records";
}

/** What came of work that is done, as a sentence; empty where the job has nothing to say. */
export function outcomeOf(job: Job): string {
  const { result } = job;
  if (!result) return "";
  const { files = 0, records = 0, problems = [] } = result;
  switch (job.kind) {
    case "compact":
      return result.files_merged ? `${counted(result.files_merged, "file")} merged.` : "Nothing to merge.";
    case "archive":
    case "restore": {
      const moved = typeof files === "number" ? files : files.length;
      return moved === 0 ? "No files in these weeks." : `${counted(moved, "file")} moved.`;
    }
    case "verify": {
      const count = typeof files === "number" ? files : files.length;
      const read = `${counted(count, "file")} with ${counted(records, "record")} verified`;
      return problems.length === 0 ? `${read}; no problems.` : `${read}; ${counted(problems.length, "problem")}.`;
    }
    case "generate":
      return `${counted(records, "record")} generated.`;
    default:
      return "";
  }
}
