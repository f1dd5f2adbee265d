// The tasks of the role `maintain`. A merge checks every byte of its files (storage/parquet/file_check.hpp), because
// the engine would give damage a fresh checksum, then reads them through the engine, in the order of week and record
// time, and writes one part a week; an examination reads what files say of themselves in their footers and, when asked,
// every page of them; a check only compares checksums.
#pragma once

#include <vector>

#include "engine/engine.hpp"
#include "task/maintain_task.hpp"
#include "worker/child/work_feed.hpp"

namespace canvasback {

// The parts, in the order their files were asked for (kNeedPart).
Result<std::vector<MergedPart>> run_merge(const MergeWork& work, Engine& engine, WorkFeed& feed, int threads,
                                          const CancelToken& cancel);

// KeyEntries of all rows, into a file that is asked for as kNeedKeys. Errors name the file.
Status run_keys(const KeysWork& work, WorkFeed& feed, const CancelToken& cancel);

// By file. A file that cannot be read is no error of the whole.
Result<std::vector<ExaminedFile>> run_examine(const ExamineWork& work, const CancelToken& cancel);

// Errors: those of check_file(), of the first file that has one.
Status run_check(const CheckWork& work, WorkFeed& feed, const CancelToken& cancel);

}  // namespace canvasback
