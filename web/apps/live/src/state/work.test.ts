import { expect, it } from "vitest";

import type { Job } from "@canvasback/client/api/schema";
import { nameOf, outcomeOf, stepsOf } from "./work";

const job = (kind: Job["kind"], result: Job["result"] = null): Job =>
  ({ kind, text: "events", result, file: null }) as Job;

it("tells what came of work", () => {
  expect(outcomeOf(job("compact", { files_merged: 1 }))).toBe("1 file merged.");
  expect(outcomeOf(job("compact", { files_merged: 0 }))).toBe("Nothing to merge.");
  expect(outcomeOf(job("archive", { files: ["data_2025_w43.parquet"] }))).toBe("1 file moved.");
  expect(outcomeOf(job("restore", { files: [] }))).toBe("No files in these weeks.");
  expect(outcomeOf(job("verify", { files: 12, records: 30012, problems: [] }))).toBe(
    "12 files with 30,012 records verified; no problems.",
  );
  const broken = { file: "data_2025_w43.parquet", problem: "it ends too early" };
  expect(outcomeOf(job("verify", { files: 1, records: 1, problems: [broken] }))).toBe(
    "1 file with 1 record verified; 1 problem.",
  );
  expect(outcomeOf(job("generate", { records: 1000, commit: 3 }))).toBe("1,000 records generated.");
  expect(outcomeOf(job("rows"))).toBe("");
});

it("names jobs and their steps", () => {
  expect(nameOf(job("verify"))).toBe("Verifying: events");
  expect(nameOf(job("rows"))).toBe("events");
  expect(nameOf(job("backup"))).toBe("Backup");
  expect([stepsOf(job("compact")), stepsOf(job("sql")), stepsOf(job("generate"))]).toEqual([
    "weeks",
    "rows",
    "records",
  ]);
});
