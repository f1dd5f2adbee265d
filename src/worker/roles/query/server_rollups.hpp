// The rollups that a server makes for itself: groups by day as Parquet with the engine's types, which the tiles of a
// dashboard are made of instead of rows (task/metrics_task.hpp, LiveRollup).
#pragma once

#include "task/rollup_task.hpp"
#include "worker/roles/query/metrics_source.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

// Sends a section for each: {"rollup": {"dimensions", "measures", "rows", "columns": [{"name", "type"}]}, "bytes"}, and
// the file. None where groups would be nearly as many as rows.
Status send_server_rollups(TaskContext& context, const RollupWork& work, const OpenMetrics& metrics);

}  // namespace canvasback
