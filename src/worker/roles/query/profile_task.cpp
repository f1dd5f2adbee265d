#include "worker/roles/query/profile_task.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "analyse/row_hashes.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "sql/column_names.hpp"
#include "sql/sql_builder.hpp"
#include "worker/roles/query/answer.hpp"
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

Result<std::vector<ColumnProfile>> profile_columns(TaskContext& context, const Dataset& dataset,
                                                   const Selection& selection, Depth depth) {
  const CancelToken& cancel = context.cancel;
  ProfileScanOptions options;
  options.columns = columns_of(dataset, selection);
  options.depth = depth;
  options.threads = context.threads;
  options.progress = [&progress = context.progress](double share) { progress.set_share(share); };
  if (dataset.plain_scan && selection.in_file_order()) {
    context.metrics.method = "column_scan";
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
    CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), cancel));
    CANVASBACK_ASSIGN(auto profiles, profile_stream(dataset, *stream, options, cancel));
    std::ranges::move(profiles, std::back_inserter(out));
  }
  return out;
}

Result<analyse::DuplicateRows> count_duplicates(TaskContext& context, const Dataset& dataset,
                                                const Selection& selection, const std::vector<ColumnProfile>& columns) {
  const CancelToken& cancel = context.cancel;
  const ColumnNames exact(dataset);
  auto count_of = [&](const std::vector<std::string>& names) -> Result<analyse::DuplicateRows> {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + exact.sql(name);
    CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
    const std::string where = statement.sql.empty() ? "" : " WHERE " + statement.sql;
    statement.sql = fmt::format("SELECT hash({}) FROM {}{}", list, relation_sql(dataset), where);
    CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), cancel));
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

}  // namespace

Status run_profile(TaskContext& context, const AnalyseWork& work, const Dataset& dataset) {
  Stopwatch watch;
  analyse::DatasetProfile profile;
  profile.dataset = dataset.name;
  profile.type = type_of(work.analysis);
  const Depth depth = profile.type == ProfileType::Summary ? Depth::Summary : Depth::Full;
  CANVASBACK_ASSIGN(profile.columns, profile_columns(context, dataset, work.selection, depth));
  profile.rows = profile.columns.empty() ? std::max<std::int64_t>(dataset.rows, 0) : profile.columns[0].rows;
  if (profile.type == ProfileType::Quality && !profile.columns.empty()) {
    CANVASBACK_ASSIGN(profile.duplicates, count_duplicates(context, dataset, work.selection, profile.columns));
  }
  context.metrics.engine_ms += watch.elapsed_ms();
  if (context.task.output.format == "json") {
    context.metrics.rows = profile.rows;
    Json document = to_json(profile);
    add_left_out(document, context.task.files.left_out);
    CANVASBACK_TRY(context.sink.write(document.dump()));
    return context.sink.finish();
  }
  CANVASBACK_ASSIGN(BatchPtr batch, to_batch(profile));
  OneBatch table(std::move(batch));
  return write_answer(context, table, {});
}

}  // namespace canvasback
