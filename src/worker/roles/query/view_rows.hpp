// A view's rows as parts of the cache, and what the front is told of a view while it is built.
#pragma once

#include <vector>

#include "base/error.hpp"
#include "query/view.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

constexpr std::int64_t kPartPeriodNs = 500'000'000;  // rows that are there are given out, though the part is not full

// Sends what is known of the view so far.
Status send_state(TaskContext& context, const ViewState& state);

// The columns of a result, without the virtual ones.
std::vector<DatasetColumn> view_columns(const arrow::Schema& schema);

// Writes everything that a stream gives as parts of rows; the state is sent with each. Past the bytes that a view may
// have it is cut and says so in ViewState::limited.
Status write_rows(TaskContext& context, BatchStream& stream, const ViewBuild& build, ViewState& state);

}  // namespace canvasback
