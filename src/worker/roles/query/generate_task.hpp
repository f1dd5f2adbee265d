// Generates sample data of the marketplace: a table through the encoder of the format that is wanted, or a text for a
// MySQL client: its schema, the statements that load files, the statements of changes. Errors: InvalidData for another
// name.
#pragma once

#include "base/error.hpp"
#include "task/generate_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

Status run_generate(TaskContext& context, const GenerateWork& work);

}  // namespace canvasback
