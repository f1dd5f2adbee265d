// The part of Executor that analyses: profiles through our own accumulators, the rest as SQL for the engine.
#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "analyse/row_hashes.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "sql/analysis_sql.hpp"
#include "sql/column_names.hpp"
#include "stream/named_batches.hpp"
#include "worker/roles/query/executor.hpp"
#include "worker/roles/query/profile_scan.hpp"

namespace canvasback {
namespace {

using analyse::ColumnProfile;
using analyse::Depth;
using analyse::ProfileType;

// A column this close to having a different value in every row is looked at alone first: where it has no value twice,
// no row is there twice.
constexpr double kNearlyUnique = 0.95;

class OneBatch final : public BatchStream {
 public:
  explicit OneBatch(BatchPtr batch) : schema_(batch->schema()), batch_(std::move(batch)) {}
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override {
    BatchPtr out = std::move(batch_);
    batch_.reset();
    return out && out->num_rows() > 0 ? out : BatchPtr();
  }

 private:
  SchemaPtr schema_;
  BatchPtr batch_;
};

ProfileType type_of(const Analysis& analysis) {
  if (analysis.profile_type == "summary") return ProfileType::Summary;
  return analysis.profile_type == "quality" ? ProfileType::Quality : ProfileType::Profile;
}

std::vector<std::string> columns_of(const Dataset& dataset, const Selection& selection) {
  std::vector<std::string> columns = selection.columns;
  if (columns.empty()) {
    for (const DatasetColumn& column : dataset.columns) columns.push_back(column.name);
  }
  return columns;
}

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

Result<std::unique_ptr<BatchStream>> Executor::execute_made(SqlStatement statement, const CancelToken& cancel) {
  SqlRequest request{std::move(statement.sql), std::move(statement.parameters), {}, {}, threads_};
  auto opened = engine_->execute(request, cancel);
  if (opened && statement.column_names.empty()) return opened;
  if (opened) return std::make_unique<NamedBatches>(std::move(*opened), statement.column_names);
  Error error = opened.error();
  // The SQL is ours: what is wrong with it is a value of the request (a filter that is no number, say).
  if (error.code == ErrorCode::QueryInvalid) error.code = ErrorCode::InvalidData;
  error.position.reset();
  return std::unexpected(std::move(error));
}

Status Executor::run_analyse(const Task& task, const AnalyseWork& work, const CancelToken& cancel, FrameSink& sink,
                             TaskMetrics& metrics) {
  auto found = catalog_.find(work.dataset);
  if (found == catalog_.end()) return fail(ErrorCode::DatasetNotFound, "There is no dataset \"" + work.dataset + "\".");
  const Dataset& dataset = found->second;
  CANVASBACK_TRY(check_files(dataset, cancel));
  CANVASBACK_TRY(define(dataset));
  metrics.method = "duckdb";
  if (work.analysis.kind == Analysis::Kind::Profile) return run_profile(task, work, dataset, cancel, sink, metrics);
  if (work.analysis.kind == Analysis::Kind::Histogram) return run_histogram(task, work, dataset, cancel, sink, metrics);
  Stopwatch watch;
  CANVASBACK_ASSIGN(SqlStatement statement, analysis_sql(dataset, work.analysis, work.selection));
  CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
  metrics.engine_ms += watch.elapsed_ms();
  auto tail = [&] {
    Json out;
    out.set("total_rows", metrics.rows);
    // With a limit there may be more groups than were given.
    const bool cut = work.analysis.kind == Analysis::Kind::Top ? metrics.rows >= work.analysis.top
                                                               : work.selection.limit == metrics.rows;
    out.set("total_exact", !cut && work.selection.offset == 0);
    out.set("next", Json());
    out.set("performance_metrics", metrics_json(task, sink, metrics));
    return out;
  };
  return encode(task, *stream, tail, sink, metrics, cancel);
}

Status Executor::run_histogram(const Task& task, const AnalyseWork& work, const Dataset& dataset,
                               const CancelToken& cancel, FrameSink& sink, TaskMetrics& metrics) {
  Stopwatch watch;
  CANVASBACK_ASSIGN(SqlStatement asked, histogram_bounds_sql(dataset, work.analysis, work.selection));
  CANVASBACK_ASSIGN(auto answer, execute_made(std::move(asked), cancel));
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
  CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
  metrics.engine_ms += watch.elapsed_ms();
  auto tail = [&] {
    Json out;
    out.set("values", finite);
    out.set("nulls", rows - values);
    out.set("not_finite", values - finite);
    out.set("total_rows", metrics.rows);
    out.set("total_exact", true);
    out.set("next", Json());
    out.set("performance_metrics", metrics_json(task, sink, metrics));
    return out;
  };
  return encode(task, *stream, tail, sink, metrics, cancel);
}

Result<std::vector<ColumnProfile>> Executor::profile_columns(const Dataset& dataset, const Selection& selection,
                                                             Depth depth, const CancelToken& cancel,
                                                             TaskMetrics& metrics) {
  ProfileScanOptions options;
  options.columns = columns_of(dataset, selection);
  options.depth = depth;
  options.threads = threads_;
  options.progress = [this](double share) { share_done_ = share; };
  if (dataset.plain_scan && selection.in_file_order()) {
    metrics.method = "column_scan";
    return profile_files(dataset, options, cancel);
  }
  // So many columns at a time that their accumulators stay within bounds.
  const std::vector<std::string> all = std::move(options.columns);
  std::vector<ColumnProfile> out;
  for (std::size_t first = 0; first < all.size(); first += limits::kProfileColumnsAtOnce) {
    Selection some = selection;
    some.columns.assign(
        all.begin() + static_cast<std::ptrdiff_t>(first),
        all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), first + limits::kProfileColumnsAtOnce)));
    options.columns = some.columns;
    CANVASBACK_ASSIGN(SqlStatement statement, rows_sql(dataset, some, nullptr, false));
    CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
    CANVASBACK_ASSIGN(auto profiles, profile_stream(dataset, *stream, options, cancel));
    std::ranges::move(profiles, std::back_inserter(out));
  }
  return out;
}

Result<analyse::DuplicateRows> Executor::count_duplicates(const Dataset& dataset, const Selection& selection,
                                                          const std::vector<ColumnProfile>& columns,
                                                          const CancelToken& cancel) {
  const ColumnNames exact(dataset);
  auto count_of = [&](const std::vector<std::string>& names) -> Result<analyse::DuplicateRows> {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + exact.sql(name);
    CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
    const std::string where = statement.sql.empty() ? "" : " WHERE " + statement.sql;
    statement.sql = fmt::format("SELECT hash({}) FROM {}{}", list, relation_sql(dataset), where);
    CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
    analyse::RowHashes hashes;
    while (true) {
      CANVASBACK_TRY(cancel.check());
      CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
      if (!batch) break;
      const auto& values = static_cast<const arrow::UInt64Array&>(*batch->column(0));
      hashes.add({values.raw_values(), static_cast<std::size_t>(values.length())});
    }
    return hashes.count();
  };
  const ColumnProfile* best = nullptr;
  for (const ColumnProfile& column : columns) {
    if (column.distinct && (best == nullptr || *column.distinct > *best->distinct)) best = &column;
  }
  if (best != nullptr && columns.size() > 1 &&
      static_cast<double>(*best->distinct) >= kNearlyUnique * static_cast<double>(best->rows)) {
    CANVASBACK_ASSIGN(analyse::DuplicateRows alone, count_of({best->name}));
    if (alone.rows == 0 && alone.exact) return alone;
  }
  std::vector<std::string> names;
  for (const ColumnProfile& column : columns) names.push_back(column.name);
  return count_of(names);
}

Status Executor::run_profile(const Task& task, const AnalyseWork& work, const Dataset& dataset,
                             const CancelToken& cancel, FrameSink& sink, TaskMetrics& metrics) {
  Stopwatch watch;
  analyse::DatasetProfile profile;
  profile.dataset = dataset.name;
  profile.type = type_of(work.analysis);
  const Depth depth = profile.type == ProfileType::Summary ? Depth::Summary : Depth::Full;
  CANVASBACK_ASSIGN(profile.columns, profile_columns(dataset, work.selection, depth, cancel, metrics));
  profile.rows = profile.columns.empty() ? std::max<std::int64_t>(dataset.rows, 0) : profile.columns[0].rows;
  if (profile.type == ProfileType::Quality && !profile.columns.empty()) {
    CANVASBACK_ASSIGN(profile.duplicates, count_duplicates(dataset, work.selection, profile.columns, cancel));
  }
  metrics.engine_ms += watch.elapsed_ms();
  if (task.output.format == "json") {
    metrics.rows = profile.rows;
    CANVASBACK_TRY(sink.write(to_json(profile).dump()));
    return sink.finish();
  }
  CANVASBACK_ASSIGN(BatchPtr batch, to_batch(profile));
  OneBatch table(std::move(batch));
  return encode(task, table, {}, sink, metrics, cancel);
}

}  // namespace canvasback
