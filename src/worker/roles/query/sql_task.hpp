// A statement of the user's own, or the records of a range of times, up to a limit of rows. Errors: those of
// statement_stream.hpp.
#pragma once

#include "base/error.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_sql(TaskContext& context, const SqlWork& work);

}  // namespace canvasback
