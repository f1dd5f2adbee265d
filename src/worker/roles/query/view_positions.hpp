// A view as positions: where its rows are in the dataset (the row's number, all files one after the other), in the
// view's order, as parts of the cache (docs/decisions/0011-views-as-positions.md).
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "query/view.hpp"
#include "storage/dataset.hpp"
#include "worker/roles/query/task_context.hpp"
#include "worker/roles/query/view_rows.hpp"
#include "worker/write/view_writer.hpp"

namespace canvasback {

// Of one position: 4 where the dataset has no more rows than that counts.
std::size_t position_bytes(const Dataset& dataset);
// Errors: MemoryLimit.
Result<std::shared_ptr<arrow::Array>> position_array(const Dataset& dataset, std::span<const std::int64_t> positions);

// Writes positions as they come, in parts; what is known of the view goes along with each.
class PositionWriter {
 public:
  PositionWriter(TaskContext& context, const ViewBuild& build, const Dataset& dataset, ViewState& state);
  // The next ones, of the type that position_array() makes. False where the view may have no more: it says so.
  Result<bool> write(const std::shared_ptr<arrow::Array>& positions);
  // All were written.
  Status finish();

 private:
  Status part_written();

  TaskContext& context_;
  ViewState& state_;
  const std::uint64_t bytes_max_;
  const SchemaPtr schema_;
  ViewWriter writer_;
  std::int64_t said_ns_ = monotonic_ns();
};

}  // namespace canvasback
