// Which rollups a published dashboard needs: groups of its rows by day and some dimensions, small enough to be fetched,
// from which a reader's browser makes the numbers of tiles under filters (docs/publish.md). Decided from the
// tiles, the filters and how many values each dimension has. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "query/dashboard.hpp"
#include "query/metrics_query.hpp"

namespace canvasback {

// A dimension with more values has no rollups by day: its groups are details, read by ranges of bytes.
inline constexpr std::int64_t kRollupValuesMax = 5'000;
inline constexpr std::int64_t kRollupRecentDays = 90;  // that are there by day where all of them are too many

// What one tile needs whatever the filters are: dimensions that it shows or is conditional on, in the model's order.
struct RollupTile {
  std::vector<std::string> dimensions;
  std::vector<std::string> shown;  // of these, those that it shows, as the tile has them
  std::vector<std::string> measures;
  std::string sort;  // the measure that its rows are in the order of
  bool hours = false;
  bool compares = false;
};

struct RollupNeeds {
  std::vector<RollupTile> tiles;
  std::vector<std::string> filters;  // dimensions that a reader filters by
};

// `filters`: of the dashboard (query/published_dashboard.hpp): those that the model has are of it. Tiles of other
// models are left out.
RollupNeeds rollup_needs(const Dashboard& dashboard, const MetricsModel& model,
                         const std::vector<std::string>& filters);

// Of any tiles: every dimension with every measure, each filtered by another.
RollupNeeds rollup_needs(const MetricsModel& model);

Json to_json(const RollupNeeds& needs);
RollupNeeds rollup_needs_from_json(const Json& json);

enum class RollupKind { Leaves, Distinct, Quantile };
std::string_view name_of(RollupKind kind);

// One that should be there, if it is small enough: by day; else by month, and of the last days by day.
struct RollupWish {
  RollupKind kind = RollupKind::Leaves;
  std::string sketch;  // Distinct, Quantile: the measure
  std::vector<std::string> dimensions;
  bool hours = false;     // by hour, of the last days alone
  bool details = false;   // without time: of a period, in the order of d0 and of the measure `sort`
  bool compared = false;  // details: of the compared period, too
  std::string sort;

  bool operator==(const RollupWish&) const = default;
};

// The most wanted first. `values`: how many each dimension has; one that is not in it counts as having too many.
std::vector<RollupWish> rollup_plan(const MetricsModel& model, const RollupNeeds& needs,
                                    const std::map<std::string, std::int64_t>& values);

// Whether its groups can be put together from those of rows: not a number of distinct values, nor a quantile, nor a
// ratio of such.
bool has_leaves(const MetricsModel& model, const Metric& metric);

}  // namespace canvasback
