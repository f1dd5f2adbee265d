// Rows of a dataset: its one file as it is, a range of rows without the engine, or what the engine finds by filter,
// sort and sample; JSON with a limit is a page, which ends with a cursor. A range costs what its rows cost, everything
// else a pass over the columns that filter and sort name. Errors: DatasetNotFound, CursorExpired, InvalidData,
// Unavailable.
#pragma once

#include "base/error.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_rows(TaskContext& context, const RowsWork& work);

}  // namespace canvasback
