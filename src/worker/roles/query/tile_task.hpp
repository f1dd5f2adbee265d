// A tile of a density plot, as a picture or its cells as rows; its bounds are in the last frame. Two passes of the
// engine, one for the bounds, one that counts. Errors: DatasetNotFound, InvalidData where the bounds leave nothing.
#pragma once

#include "base/error.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_tile(TaskContext& context, const TileWork& work);

}  // namespace canvasback
