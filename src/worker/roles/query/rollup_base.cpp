#include "worker/roles/query/rollup_base.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace canvasback {
namespace {

// An estimated number of values is a little beside the number: up to here a dimension counts as small.
constexpr double kEstimateRoom = 1.3;

}  // namespace

std::vector<std::string> rollup_measures(const MetricsModel& model, const RollupNeeds& needs) {
  std::vector<std::string> wanted;
  for (const RollupTile& tile : needs.tiles) {
    for (const std::string& name : tile.measures) {
      wanted.push_back(name);
      const Metric* metric = model.find_measure(name);
      if (metric == nullptr || metric->kind != MetricKind::Ratio) continue;
      wanted.push_back(metric->numerator);
      wanted.push_back(metric->denominator);
    }
  }
  std::vector<std::string> out;
  for (const Metric& metric : model.measures) {
    if (std::ranges::find(wanted, metric.name) != wanted.end()) out.push_back(metric.name);
  }
  return out;
}

std::vector<std::string> rollup_leaf_measures(const MetricsModel& model, const RollupNeeds& needs) {
  std::vector<std::string> out = rollup_measures(model, needs);
  std::erase_if(out, [&](const std::string& name) { return !has_leaves(model, *model.find_measure(name)); });
  return out;
}

std::vector<std::string> rollup_dimensions(const MetricsModel& model, const RollupNeeds& needs) {
  std::vector<std::string> out;
  for (const MetricDimension& dimension : model.dimensions) {
    const bool of_filter = std::ranges::find(needs.filters, dimension.name) != needs.filters.end();
    const bool of_tile = std::ranges::any_of(needs.tiles, [&](const RollupTile& tile) {
      return std::ranges::find(tile.dimensions, dimension.name) != tile.dimensions.end();
    });
    if (of_filter || of_tile) out.push_back(dimension.name);
  }
  return out;
}

Result<std::vector<std::int64_t>> first_integers(TaskContext& context, SqlStatement statement) {
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  CANVASBACK_ASSIGN(const BatchPtr batch, stream->next());
  std::vector<std::int64_t> out;
  for (int i = 0; batch && i < batch->num_columns(); ++i) {
    out.push_back(static_cast<const arrow::Int64Array&>(*batch->column(i)).Value(0));
  }
  if (out.empty()) return fail(ErrorCode::Database, "A count gave no row.");
  return out;
}

RollupGroups RollupBase::by_day(std::vector<std::string> dimensions) const {
  RollupGroups out;
  out.dimensions = std::move(dimensions);
  out.days = all_;
  out.grain = all_ ? Grain::Day : Grain::None;
  return out;
}

Status RollupBase::make(const MetricsPlan& plan) {
  if (dimensions_.empty()) return {};
  // About how many values each dimension has, in one scan.
  CANVASBACK_ASSIGN(SqlStatement statement, plan.leaf_rows_sql({Grain::None, dimensions_, false}));
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < dimensions_.size(); ++i) columns.push_back(fmt::format("approx_count_distinct(d{})", i));
  statement.sql = fmt::format("SELECT count(*), {} FROM ({}) AS s", fmt::join(columns, ", "), statement.sql);
  CANVASBACK_ASSIGN(const std::vector<std::int64_t> counts, first_integers(context_, std::move(statement)));
  rows_ = counts.at(0);
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    std::int64_t count = counts.at(i + 1) + 1;  // and no value
    const bool small = static_cast<double>(count) <= kRollupValuesMax * kEstimateRoom;
    if (small) count = std::min(count, kRollupValuesMax);
    values_.emplace(dimensions_[i], count);
  }
  std::vector<std::string> small;
  double groups = static_cast<double>(std::max<std::int64_t>(1, metrics_.days()));
  for (const std::string& name : dimensions_) {
    if (!is_small(name)) continue;
    small.push_back(name);
    groups *= static_cast<double>(values_.at(name));
  }
  const bool pays = small.size() > 1 && rows_ > 0 && (groups < static_cast<double>(kRowsMax) * 4 || rows_ < kRowsMax);
  if (!pays) return {};
  CANVASBACK_ASSIGN(groups_, tables_.make(by_day(std::move(small)), kRowsMax));
  return {};
}

Status RollupBase::count_exactly() {
  for (const std::string& name : dimensions_) {
    if (!is_small(name)) continue;
    CANVASBACK_ASSIGN(const auto table, tables_.make(by_day({name}), kRowsMax));
    if (!table) continue;
    const std::string sql = fmt::format("SELECT count(*) FROM (SELECT DISTINCT d0 FROM {})", table->name);
    CANVASBACK_ASSIGN(const std::int64_t count, context_.engine.single_number(sql, {}, context_.cancel));
    values_.at(name) = std::min(count, kRollupValuesMax);
  }
  return {};
}

}  // namespace canvasback
