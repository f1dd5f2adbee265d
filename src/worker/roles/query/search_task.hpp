// The records of a collection that match best among those there was time for: where the best are first, then these
// records in the columns of the collection. Ends with a cursor where there was no time for all.
#pragma once

#include "base/error.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_search(TaskContext& context, const SearchWork& work);

}  // namespace canvasback
