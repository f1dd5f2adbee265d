// The rollups of a published site (task/rollup_task.hpp): which ones there are follows from query/rollup_plan.hpp, each
// is a table of groups (rollup_groups.hpp) that becomes a Parquet file in memory, and is sent if it is within its
// budget.
#pragma once

#include "base/error.hpp"
#include "task/rollup_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_rollups(TaskContext& context, const RollupWork& work);

}  // namespace canvasback
