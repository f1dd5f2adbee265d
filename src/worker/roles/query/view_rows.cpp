#include "worker/roles/query/view_rows.hpp"

#include <arrow/type.h>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "record/type_name.hpp"
#include "worker/write/view_writer.hpp"

namespace canvasback {

Status send_state(TaskContext& context, const ViewState& state) {
  return context.channel.send(FrameKind::Head, to_json(state));
}

std::vector<DatasetColumn> view_columns(const arrow::Schema& schema) {
  std::vector<DatasetColumn> columns;
  for (const auto& field : schema.fields()) {
    if (field->name() == kFileIndexColumn || field->name() == kFileRowColumn) continue;
    DatasetColumn column;
    column.name = field->name();
    column.type = sql_type_name(*field);
    columns.push_back(std::move(column));
  }
  return columns;
}

Status write_rows(TaskContext& context, BatchStream& stream, const ViewBuild& build, ViewState& state) {
  state.method = ViewMethod::Rows;
  state.columns = view_columns(*stream.schema());
  const std::int64_t known_rows = state.rows;
  std::int64_t said_ns = monotonic_ns();
  ViewWriter* parts = nullptr;
  ViewWriter writer(context.channel, context.options.spill_folder, build.key, [&]() -> Status {
    said_ns = monotonic_ns();
    state.parts = parts->parts();
    if (known_rows < 0) state.rows = parts->rows();
    return send_state(context, state);
  });
  parts = &writer;
  while (true) {
    CANVASBACK_TRY(context.cancel.check());
    CANVASBACK_ASSIGN(BatchPtr batch, stream.next());
    if (!batch) break;
    CANVASBACK_TRY(writer.write(*batch));
    context.progress.set_rows(writer.rows());
    const bool begun = writer.parts().empty() && state.first.empty();
    if (begun || monotonic_ns() - said_ns > kPartPeriodNs) CANVASBACK_TRY(writer.end_part());
    if (writer.bytes() <= build.bytes_max) continue;
    CANVASBACK_TRY(writer.end_part());
    state.limited = fmt::format(
        "The view needs more than the {} MB that it may take of the cache; these are its first "
        "{} rows.",
        build.bytes_max / 1'000'000, writer.rows());
    return {};
  }
  CANVASBACK_TRY(writer.end(stream.schema()));
  state.parts = writer.parts();
  state.rows = writer.rows();
  state.rows_exact = true;
  return {};
}

}  // namespace canvasback
