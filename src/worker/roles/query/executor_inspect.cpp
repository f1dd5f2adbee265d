// The part of Executor that looks into the files of a dataset: schema from the engine, the rest from footers.
#include <arrow/array.h>
#include <fmt/format.h>

#include "base/limits.hpp"
#include "source/arrow/arrow_reader.hpp"
#include "sql/sql_builder.hpp"
#include "storage/parquet/footer.hpp"
#include "worker/roles/query/executor.hpp"

namespace canvasback {
namespace {

// Text files up to this size are read once to know their number of rows.
constexpr std::uint64_t kCountBytesMax = 256 * limits::kMiB;

std::string text_at(const arrow::Array& column, std::int64_t row) {
  const auto& text = static_cast<const arrow::StringArray&>(column);
  return text.IsNull(row) ? std::string() : text.GetString(row);
}

}  // namespace

Status Executor::run_inspect(const InspectWork& work, const CancelToken& cancel, Json& done) {
  Dataset dataset = work.listed;
  if (dataset.kind == DatasetKind::Parquet) {
    CANVASBACK_ASSIGN(bool same, have_same_schema(dataset));
    dataset.union_by_name = !same;
  } else {
    dataset.union_by_name = dataset.files.size() > 1 && dataset.kind != DatasetKind::Arrow;
  }
  CANVASBACK_TRY(define(dataset));
  SqlRequest describe{
      "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + relation_sql(dataset) + ")", {}, {}, {}, 1};
  CANVASBACK_ASSIGN(auto stream, engine_->execute(describe, cancel));
  dataset.columns.clear();
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) break;
    for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
      DatasetColumn column;
      column.name = text_at(*batch->column(0), row);
      column.type = text_at(*batch->column(1), row);
      dataset.columns.push_back(std::move(column));
    }
  }
  if (dataset.columns.size() > limits::kColumnsMax) {
    return fail(ErrorCode::InvalidData, fmt::format("The dataset {} has {} columns; at most {} are served.",
                                                    dataset.name, dataset.columns.size(), limits::kColumnsMax));
  }
  stream.reset();
  if (dataset.kind == DatasetKind::Parquet) {
    CANVASBACK_TRY(add_parquet_footers(dataset));
  } else if (dataset.kind == DatasetKind::Arrow) {
    dataset.rows = 0;
    for (DataFile& file : dataset.files) {
      CANVASBACK_ASSIGN(file.rows, count_arrow_rows(file.path));
      dataset.rows += file.rows;
    }
  } else if (dataset.bytes() <= kCountBytesMax) {
    CANVASBACK_ASSIGN(dataset.rows, count(dataset, {}, cancel));
  }
  done.set("dataset", to_json(dataset));
  return {};
}

}  // namespace canvasback
