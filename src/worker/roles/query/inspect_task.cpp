// The part of Executor that looks into the files of a dataset: those of CSV and JSON are read whole, of the others the
// schema and the footers.
#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "sql/sql_builder.hpp"
#include "worker/roles/query/executor.hpp"
#include "worker/roles/query/file_inspection.hpp"
#include "worker/roles/query/text_files.hpp"

namespace canvasback {
namespace {

std::string text_at(const arrow::Array& column, std::int64_t row) {
  const auto& text = static_cast<const arrow::StringArray&>(column);
  return text.IsNull(row) ? std::string() : text.GetString(row);
}

}  // namespace

Status Executor::run_inspect(const InspectWork& work, const CancelToken& cancel, Json& done) {
  Dataset dataset = work.listed;
  if (dataset.kind == DatasetKind::Parquet || dataset.kind == DatasetKind::Arrow) {
    CANVASBACK_TRY(begin_reading(dataset));
    CANVASBACK_TRY(FileInspection(dataset, *engine_, cancel).run());
  } else {
    CANVASBACK_TRY(inspect_text(dataset, cancel));
  }
  if (dataset.columns.empty()) {
    return fail(ErrorCode::InvalidData, fmt::format("The dataset {} has no columns.", dataset.name));
  }
  if (dataset.columns.size() > limits::kColumnsMax) {
    return fail(ErrorCode::InvalidData, fmt::format("The dataset {} has {} columns; at most {} are served.",
                                                    dataset.name, dataset.columns.size(), limits::kColumnsMax));
  }
  done.set("dataset", to_json(dataset));
  return {};
}

Status Executor::inspect_text(Dataset& dataset, const CancelToken& cancel) {
  const double bytes = static_cast<double>(std::max<std::uint64_t>(dataset.bytes(), 1));
  ScanWork work{threads_, cancel,
                [this, bytes](std::uint64_t done) { share_done_ = std::min(1.0, static_cast<double>(done) / bytes); }};
  CANVASBACK_TRY(inspect_text_files(dataset, work));
  // What was kept of this version was read before: of another set of files, where some could not be read.
  text_sources_.erase(dataset.name);
  CANVASBACK_ASSIGN(dataset.columns, describe(dataset, cancel));
  text_sources_.erase(dataset.name);
  return {};
}

Result<std::vector<DatasetColumn>> Executor::describe(const Dataset& dataset, const CancelToken& cancel) {
  CANVASBACK_TRY(define(dataset));
  SqlRequest describe{
      "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + relation_sql(dataset) + ")", {}, {}, {}, 1};
  CANVASBACK_ASSIGN(auto stream, engine_->execute(describe, cancel));
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

}  // namespace canvasback
