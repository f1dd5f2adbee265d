#include "worker/roles/query/inspect_task.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "sql/sql_builder.hpp"
#include "worker/roles/query/file_inspection.hpp"
#include "worker/roles/query/text_files.hpp"

namespace canvasback {
namespace {

std::string text_at(const arrow::Array& column, std::int64_t row) {
  const auto& text = static_cast<const arrow::StringArray&>(column);
  return text.IsNull(row) ? std::string() : text.GetString(row);
}

// Its columns as the engine has them, by their names and types.
Result<std::vector<DatasetColumn>> describe(TaskContext& context, const Dataset& dataset) {
  CANVASBACK_TRY(context.engine.define(dataset));
  SqlRequest describe{
      "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + relation_sql(dataset) + ")", {}, {}, {}, 1};
  CANVASBACK_ASSIGN(auto stream, context.engine.engine().execute(describe, context.cancel));
  std::vector<DatasetColumn> columns;
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) return columns;
    for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
      DatasetColumn column;
      column.name = text_at(*batch->column(0), row);
      column.type = text_at(*batch->column(1), row);
      columns.push_back(std::move(column));
    }
  }
}

Status inspect_text(TaskContext& context, Dataset& dataset) {
  const double bytes = static_cast<double>(std::max<std::uint64_t>(dataset.bytes(), 1));
  TaskProgress& progress = context.progress;
  ScanWork work{context.threads, context.cancel, [&progress, bytes](std::uint64_t done) {
                  progress.set_share(std::min(1.0, static_cast<double>(done) / bytes));
                }};
  CANVASBACK_TRY(inspect_text_files(dataset, work));
  // What was kept of this version was read before: of another set of files, where some could not be read.
  context.datasets.drop_text_source(dataset.name);
  CANVASBACK_ASSIGN(dataset.columns, describe(context, dataset));
  context.datasets.drop_text_source(dataset.name);
  return {};
}

}  // namespace

Status run_inspect(TaskContext& context, const InspectWork& work) {
  Dataset dataset = work.listed;
  if (dataset.kind == DatasetKind::Parquet || dataset.kind == DatasetKind::Arrow) {
    CANVASBACK_TRY(context.files.begin_reading(dataset));
    CANVASBACK_TRY(FileInspection(dataset, context.engine.engine(), context.cancel).run());
  } else {
    CANVASBACK_TRY(inspect_text(context, dataset));
  }
  if (dataset.columns.empty()) {
    return fail(ErrorCode::InvalidData, fmt::format("The dataset {} has no columns.", dataset.name));
  }
  if (dataset.columns.size() > limits::kColumnsMax) {
    return fail(ErrorCode::InvalidData, fmt::format("The dataset {} has {} columns; at most {} are served.",
                                                    dataset.name, dataset.columns.size(), limits::kColumnsMax));
  }
  context.end.done.set("dataset", to_json(dataset));
  return {};
}

}  // namespace canvasback
