// Histograms of a column: two passes of the engine over it, one for its bounds, one for the bins.
// Requires: the dataset's files are checked and it is defined (analyse_task.cpp).
#pragma once

#include "base/error.hpp"
#include "storage/dataset.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_histogram(TaskContext& context, const AnalyseWork& work, const Dataset& dataset);

}  // namespace canvasback
