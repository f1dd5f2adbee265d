// What the rollups of a source's metrics begin with: which measures and dimensions they are of, about how many values
// each dimension has, and the groups by day and all small dimensions, of which all smaller groups are made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "worker/roles/query/rollup_groups.hpp"

namespace canvasback {

// In the model's order: what tiles show, and what their ratios are of.
std::vector<std::string> rollup_measures(const MetricsModel& model, const RollupNeeds& needs);
// Of these, those whose leaves can be merged.
std::vector<std::string> rollup_leaf_measures(const MetricsModel& model, const RollupNeeds& needs);
// In the model's order: what tiles show, are conditional on and filters are of.
std::vector<std::string> rollup_dimensions(const MetricsModel& model, const RollupNeeds& needs);

// The integers of a statement's first row. Errors: Database where there is none.
Result<std::vector<std::int64_t>> first_integers(TaskContext& context, SqlStatement statement);

class RollupBase {
 public:
  static constexpr std::int64_t kRowsMax = 4'000'000;  // of the groups

  // All must outlive it.
  RollupBase(TaskContext& context, const MetricsModel& model, const OpenMetrics& metrics, RollupTables& tables,
             std::vector<std::string> dimensions)
      : context_(context),
        metrics_(metrics),
        tables_(tables),
        dimensions_(std::move(dimensions)),
        all_(model.time.empty() ? std::nullopt : std::optional(DayRange{})) {}

  // Of a plan of the leaves over all days. Costs a scan of the source, and one more where the groups are made.
  Status make(const MetricsPlan& plan);
  // Counts small dimensions once more, each exactly.
  Status count_exactly();

  const std::vector<std::string>& dimensions() const { return dimensions_; }
  const std::map<std::string, std::int64_t>& values() const { return values_; }
  std::int64_t rows() const { return rows_; }  // of the source
  const std::optional<DayRange>& all_days() const { return all_; }
  // Nothing where they would be nearly as many as rows.
  const std::optional<RollupTable>& groups() const { return groups_; }
  RollupGroups by_day(std::vector<std::string> dimensions) const;

 private:
  bool is_small(const std::string& dimension) const { return values_.at(dimension) <= kRollupValuesMax; }

  TaskContext& context_;
  const OpenMetrics& metrics_;
  RollupTables& tables_;
  std::vector<std::string> dimensions_;
  std::optional<DayRange> all_;
  std::map<std::string, std::int64_t> values_;
  std::int64_t rows_ = 0;
  std::optional<RollupTable> groups_;
};

}  // namespace canvasback
