#include "worker/roles/query/histogram_task.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "sql/analysis_sql.hpp"
#include "worker/roles/query/answer.hpp"

namespace canvasback {
namespace {

// "1.5" of a VARCHAR column, or nothing.
std::optional<std::string> text_at(const arrow::RecordBatch& batch, int column) {
  const auto& array = static_cast<const arrow::StringArray&>(*batch.column(column));
  if (array.IsNull(0)) return std::nullopt;
  return array.GetString(0);
}

std::int64_t number_at(const arrow::RecordBatch& batch, int column) {
  return static_cast<const arrow::Int64Array&>(*batch.column(column)).Value(0);
}

}  // namespace

Status run_histogram(TaskContext& context, const AnalyseWork& work, const Dataset& dataset) {
  Stopwatch watch;
  CANVASBACK_ASSIGN(SqlStatement asked, histogram_bounds_sql(dataset, work.analysis, work.selection));
  CANVASBACK_ASSIGN(auto answer, context.engine.execute(std::move(asked), context.cancel));
  CANVASBACK_ASSIGN(BatchPtr row, answer->next());
  if (!row) return fail(ErrorCode::Database, "The bounds of a histogram gave no row.");
  answer.reset();
  HistogramBounds bounds;
  bounds.low = text_at(*row, 0).value_or("0");
  bounds.high = text_at(*row, 1).value_or("0");
  const std::int64_t rows = number_at(*row, 2);
  const std::int64_t values = number_at(*row, 3);
  const std::int64_t finite = number_at(*row, 4);
  CANVASBACK_ASSIGN(SqlStatement statement, histogram_sql(dataset, work.analysis, work.selection, bounds));
  // Nothing to count: the same columns, no bin.
  if (finite == 0) statement.sql = fmt::format("SELECT * FROM ({}) LIMIT 0", statement.sql);
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  context.metrics.engine_ms += watch.elapsed_ms();
  auto tail = [&] {
    Json out;
    out.set("values", finite);
    out.set("nulls", rows - values);
    out.set("not_finite", values - finite);
    out.set("total_rows", context.metrics.rows);
    out.set("total_exact", true);
    add_left_out(out, context.task.files.left_out);
    out.set("next", Json());
    out.set("performance_metrics", metrics_json(context));
    return out;
  };
  return write_answer(context, *stream, tail);
}

}  // namespace canvasback
