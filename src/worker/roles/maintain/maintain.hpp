// The tasks of the role `maintain`. A merge checks every byte of its files (storage/parquet/file_check.hpp), because
// the engine would give damage a fresh checksum, then reads them through the engine, in the order of week and record
// time, and writes one part a week; an examination reads what files say of themselves in their footers and, when asked,
// every page of them; a check only compares checksums.
#pragma once

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "worker/child/work_feed.hpp"

namespace canvasback {

// work: {"dataset", "time_sql", "id", "info": what is to stand in the footers}. Answers {"parts": [{"year", "week",
// "rows", "bytes", "row_group_rows", "info"}]}, in the order their files were asked for.
Result<Json> run_merge(const Json& work, Engine& engine, WorkFeed& feed, int threads, const CancelToken& cancel);

// work: {"dataset", "deep"}. Answers {"files": [{"rows", "row_group_rows", "info" | "error"}]}.
// The keys of all rows of files, as they stand there (KeyEntries, into a file that is asked for as kNeedKeys).
Result<Json> run_keys(const Json& work, WorkFeed& feed, const CancelToken& cancel);
Result<Json> run_examine(const Json& work, const CancelToken& cancel);

// work: {"dataset", "given": its files come as descriptors, asked for as kNeedInput, instead of by their paths}.
// Errors: those of check_file(), of the first file that has one.
Result<Json> run_check(const Json& work, WorkFeed& feed, const CancelToken& cancel);

}  // namespace canvasback
