// Cycle: one reading of a source's changes into a copy that is complete, in tiers, each cheaper for what it finds most:
// the gate (has anything changed?), the hot window (whole rows by their time of change), the look-back (times and keys
// alone, for transactions that ended late), the sweep (whole rows by their key, in turn, because a time of change is no
// log), and deletes (counts of ranges of keys). All of it in one snapshot, or several where it takes long.
#pragma once

#include "base/cancel.hpp"
#include "task/pull_task.hpp"
#include "worker/child/work_feed.hpp"
#include "worker/roles/pull/source_table.hpp"

namespace canvasback {

// Errors: those of the source and of the copy; then nothing of what was written is to be used. InvalidData where more
// rows would be deleted than the source's file allows.
Result<PullOutcome> run_cycle(const PullWork& work, MysqlConnection& connection, SourceTable& source, WorkFeed& feed,
                              const CancelToken& cancel);

// Some seconds of a load, from where it stands: whole rows in the order of the key.
Result<PullOutcome> run_load(const PullWork& work, MysqlConnection& connection, SourceTable& source, WorkFeed& feed,
                             const CancelToken& cancel);

}  // namespace canvasback
