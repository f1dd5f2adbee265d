// Dashboard: metrics and the tiles that show them, as a file (or a request) says, and what is wrong with one. Read by
// query/dashboard_reader.hpp. Plain values; docs/dashboards.md describes every member for users.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "query/metrics.hpp"
#include "query/period.hpp"

namespace canvasback {

struct DashboardTile {
  std::string type;     // card, line, area, bar, table, pivot, cohort, heatmap, funnel, histogram, map, text
  std::string metrics;  // whose name; empty: the first
  std::vector<std::string> measures;  // names
  std::vector<std::string> by;        // dimensions: rows and columns of a pivot, x and y of a heat map
  std::optional<Grain> grain;         // None: without time; nothing: one that fits the period
  std::optional<Grain> spark;         // of a card; None: none
  std::optional<Comparison> compare;  // nothing: the dashboard's
  std::string sort;                   // a measure or dimension, with "-" from the largest down
  std::optional<std::int64_t> limit;
  std::int64_t offset = 0;
  std::string search;  // only groups whose first dimension contains it
  std::vector<MetricCondition> where;
};

struct Dashboard {
  std::string title;
  std::string description;
  std::vector<MetricsModel> models;
  PeriodWish period;
  Comparison compare = Comparison::None;
  std::vector<DashboardTile> tiles;

  // The metrics that a tile is of; nullptr where there are none of that name.
  const MetricsModel* model_of(const DashboardTile& tile) const;
};

struct DashboardProblem {
  std::string path;  // metrics.measures[2].of
  std::string message;
  std::string nearest = {};  // a known name that is like the one that is not
  bool is_warning = false;
  bool is_of_key = false;  // of the key that ends the path, rather than its value
  std::int64_t line = 0;   // from 1; 0: not known
  std::int64_t column = 0;
};

Json to_json(const DashboardProblem& problem);

}  // namespace canvasback
