// The rows of a user's own statement: through the gate, then without the engine where it only asks for a range of one
// dataset's rows, else by the engine with the datasets that it names defined as views.
#pragma once

#include <memory>

#include "base/error.hpp"
#include "stream/batch_stream.hpp"
#include "task/query_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

// Checks the files of the datasets that it reads. Which these are, and which one of them it may not read, is in
// context.end. Errors: QueryForbidden; QueryInvalid with a position; Unavailable; those of the engine.
Result<std::unique_ptr<BatchStream>> open_statement(TaskContext& context, const Statement& statement);

// Passes a statement through the gate and makes its datasets known to the engine, as views of their names: SQL of ours
// may then contain it. Errors: as above.
Status admit_statement(TaskContext& context, const std::string& sql);

}  // namespace canvasback
