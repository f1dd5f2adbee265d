// What a dataset's files are: columns, rows, statistics, and how they are read, as its entry in the last frame. Costs
// the footers of Parquet and Arrow; files of CSV and JSON are read whole. Errors: InvalidData that names a file.
#pragma once

#include "base/error.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_inspect(TaskContext& context, const InspectWork& work);

}  // namespace canvasback
