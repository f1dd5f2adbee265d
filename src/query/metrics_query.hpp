// MetricsQuery: what one tile asks of its metrics, with the filters and choices of a request: which measures by which
// dimensions and grain of time, sorted and cut how. Made from a tile (query/dashboard.hpp); sent to a worker, and part
// of the key that an answer is cached under, as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "query/dashboard.hpp"
#include "query/dashboard_reader.hpp"

namespace canvasback {

struct MetricsQuery {
  std::vector<std::string> measures;
  std::vector<std::string> dimensions;
  Grain grain = Grain::None;
  bool grain_fits = false;  // instead: one that fits the period
  Grain spark = Grain::None;
  Comparison compare = Comparison::None;
  std::string sort;  // empty: the first measure, or the time and values
  bool descending = false;
  std::int64_t limit = 0;  // rows; of series: values of the dimension, the rest as one
  std::int64_t offset = 0;
  bool has_rest = false;  // what is beyond the limit is given together
  bool has_total = false;
  std::string search;
  std::vector<MetricCondition> where;
  std::vector<std::string> unused_filters;

  bool has_time() const { return grain != Grain::None || grain_fits; }
};

Json to_json(const MetricsQuery& query);
MetricsQuery metrics_query_from_json(const Json& json);

// What the queries of one request have in common.
struct MetricsChoices {
  Json period;           // null: the dashboard's
  std::string compare;   // empty: what tiles say
  std::string timezone;  // the reader's
  std::vector<MetricCondition> filters;
};

// `dashboard`: that the tile is of; the tile has no errors and is no text.
MetricsQuery metrics_query_of(const DashboardTile& tile, const Dashboard& dashboard, const MetricsChoices& choices);

}  // namespace canvasback
