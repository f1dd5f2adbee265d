// PulledMerge: live rows of some parts of a pulled table, written anew as parts of one period, sorted by the partition
// column and the key; or, of parts in `recent`, gathered into fewer there. Keys, times of change and hashes are carried
// over from the key maps: a merge changes where rows are and nothing else. Memory: the rows of the merge, which the
// choice bounds (storage/table/pulled/pulled_merge_choice.hpp).
#pragma once

#include "base/cancel.hpp"
#include "task/pull_task.hpp"
#include "worker/child/work_feed.hpp"

namespace canvasback {

// The new parts, numbered from work.table.next_number on, and which rows of the inputs they were made of. Every input
// is checked against its checksums first. Errors: InvalidData that names a damaged input.
Result<PullOutcome> run_pulled_merge(const PulledMergeWork& work, WorkFeed& feed, int threads,
                                     const CancelToken& cancel);

}  // namespace canvasback
