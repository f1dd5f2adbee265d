// Analyses of a dataset: profiles and histograms have files of their own, the others are one statement of the engine
// each. Errors: DatasetNotFound, InvalidData, Unavailable.
#pragma once

#include "base/error.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_analyse(TaskContext& context, const AnalyseWork& work);

}  // namespace canvasback
