// The answer of a task that answers with rows: batches through the encoder of the format that is wanted, and what JSON
// says at its end.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "stream/batch_stream.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

// Writes all of the stream to context.sink as Task::output says; tail, where there is one, is called behind the last
// row and gives the members that a JSON answer ends with. Adds to the metrics and the progress. Where it fails, what
// was written cannot be mistaken for a complete answer.
Status write_answer(TaskContext& context, BatchStream& rows, std::function<Json()> tail);

// `performance_metrics` so far.
Json metrics_json(const TaskContext& context);

// Says in the end of a JSON answer which files it leaves out, where it does.
void add_left_out(Json& tail, const std::vector<std::string>& names);

}  // namespace canvasback
