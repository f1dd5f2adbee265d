// One record of a collection by its key: as it is, or as the JSON text that is to be stored of it after a PUT or PATCH;
// what is known of it is in the last frame. Reads the row groups that may have the key.
#pragma once

#include "base/error.hpp"
#include "task/record_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_record(TaskContext& context, const RecordWork& work);

}  // namespace canvasback
