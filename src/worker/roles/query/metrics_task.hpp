// The numbers of a dashboard's tiles (task/metrics_task.hpp): the source becomes a relation of the engine, groups are
// temporary tables of it (sql/metrics_sql.hpp), and each query's answer is a line of JSON.
#pragma once

#include "base/error.hpp"
#include "task/metrics_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

// A query that fails has a line that says so; the others are answered.
Status run_metrics(TaskContext& context, const MetricsWork& work);

}  // namespace canvasback
