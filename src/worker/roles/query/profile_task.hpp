// Profiles of columns, through our own accumulators (analyse/): one pass over the columns, of plain files without the
// engine; a quality profile also counts rows that are there twice, with one or two passes of the engine.
// Requires: the dataset's files are checked and it is defined (analyse_task.cpp).
#pragma once

#include "base/error.hpp"
#include "storage/dataset.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_profile(TaskContext& context, const AnalyseWork& work, const Dataset& dataset);

}  // namespace canvasback
