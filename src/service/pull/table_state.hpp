// What a worker's outcome makes of a pulled table's state. Pure: who carries it out on the disk is TableStore.
#pragma once

#include <string>

#include "storage/table/pulled/pulled_merge_choice.hpp"
#include "storage/table/pulled/pulled_table.hpp"
#include "task/pull_task.hpp"

namespace canvasback {

// Behind a cycle: new parts, dead rows, the cursor. Errors: DataProcessing where the outcome does not fit the table.
Status apply_cycle(PulledTable& table, PullOutcome outcome, std::int64_t now_us);
// Behind a piece of a load.
Status apply_load(PulledTable& table, PullOutcome outcome, std::int64_t now_us);
// The table as it is with its load, which is complete, instead of what there was: what the load's first cycle goes on
// from. It was read in several snapshots, so only what that cycle makes of it is for others to see.
void take_load(PulledTable& table, const PullSource& source, std::int64_t now_us);
// Behind a merge of these parts: `outcome.dead` names the rows that it took.
Status apply_merge(PulledTable& table, const PulledMerge& merge, PullOutcome outcome, std::int64_t now_us);

}  // namespace canvasback
