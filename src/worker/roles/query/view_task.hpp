// Builds a view: the first rows, then the order, as rows where they are few or there is no other way to reach them
// again, as positions where they are many (docs/decisions/0011-views-as-positions.md). Each part is offered to the
// front as soon as it is there; what is known of the view so far goes along as Head frames, and at last in the last
// frame. Costs at most the bytes of the cache that the task allows. Errors: DatasetNotFound, InvalidData, Unavailable
// where parts were evicted.
#pragma once

#include "base/error.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_view(TaskContext& context, const ViewWork& work);

}  // namespace canvasback
