// Some rows of a view, from anywhere, as one Arrow stream of at most limits::kWindowBytesMax (a row of its own may have
// more); how many there are, and whether values were cut, is in the last frame. Costs what the rows cost, wherever they
// lie. Errors: PayloadTooLarge for a row that is too large, Unavailable where parts were evicted or the dataset
// changed.
#pragma once

#include "base/error.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_window(TaskContext& context, const WindowWork& work);

}  // namespace canvasback
