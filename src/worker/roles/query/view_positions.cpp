#include "worker/roles/query/view_positions.hpp"

#include <arrow/builder.h>
#include <fmt/format.h>

namespace canvasback {
namespace {

bool has_short_positions(const Dataset& dataset) { return dataset.rows <= UINT32_MAX; }
std::shared_ptr<arrow::DataType> position_type(const Dataset& dataset) {
  return has_short_positions(dataset) ? arrow::uint32() : arrow::int64();
}

template <class Builder>
Result<std::shared_ptr<arrow::Array>> built_positions(std::span<const std::int64_t> positions) {
  Builder builder;
  auto status = builder.Reserve(static_cast<std::int64_t>(positions.size()));
  for (std::size_t i = 0; status.ok() && i < positions.size(); ++i) {
    builder.UnsafeAppend(static_cast<typename Builder::value_type>(positions[i]));
  }
  std::shared_ptr<arrow::Array> array;
  if (status.ok()) status = builder.Finish(&array);
  if (!status.ok()) return fail(ErrorCode::MemoryLimit, "There is no memory for the view.", status.ToString());
  return array;
}

}  // namespace

std::size_t position_bytes(const Dataset& dataset) { return has_short_positions(dataset) ? 4 : 8; }

Result<std::shared_ptr<arrow::Array>> position_array(const Dataset& dataset, std::span<const std::int64_t> positions) {
  return has_short_positions(dataset) ? built_positions<arrow::UInt32Builder>(positions)
                                      : built_positions<arrow::Int64Builder>(positions);
}

PositionWriter::PositionWriter(TaskContext& context, const ViewBuild& build, const Dataset& dataset, ViewState& state)
    : context_(context),
      state_(state),
      bytes_max_(build.bytes_max),
      schema_(arrow::schema({arrow::field("position", position_type(dataset), false)})),
      writer_(context.channel, context.options.spill_folder, build.key + " positions",
              [this] { return part_written(); }) {
  state_.method = ViewMethod::Positions;
}

Result<bool> PositionWriter::write(const std::shared_ptr<arrow::Array>& positions) {
  CANVASBACK_TRY(writer_.write(*arrow::RecordBatch::Make(schema_, positions->length(), {positions})));
  if (monotonic_ns() - said_ns_ > kPartPeriodNs) CANVASBACK_TRY(writer_.end_part());
  if (writer_.bytes() <= bytes_max_) return true;
  CANVASBACK_TRY(writer_.end_part());
  state_.limited = fmt::format(
      "The view needs more than the {} MB that it may take of the cache; these are its "
      "first {} rows.",
      bytes_max_ / 1'000'000, writer_.rows());
  return false;
}

Status PositionWriter::finish() {
  CANVASBACK_TRY(writer_.end_part());
  state_.parts = writer_.parts();
  state_.rows = writer_.rows();
  state_.rows_exact = true;
  return send_state(context_, state_);
}

Status PositionWriter::part_written() {
  said_ns_ = monotonic_ns();
  state_.parts = writer_.parts();
  if (!state_.rows_exact) state_.rows = std::max(state_.rows, writer_.rows());
  return send_state(context_, state_);
}

}  // namespace canvasback
