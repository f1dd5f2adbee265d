// The task that computes the numbers of a dashboard's tiles: some queries of one source's metrics. Its answer has a
// line of JSON for the metrics (newest row, what the period became, columns of the source) and one for each query, in
// their order, so that the front can pass each on, and keep it, without reading it. Wire form: JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "query/metrics_query.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// Groups by day of all rows of the source that were made before (service/dashboard/live_rollups.hpp): a file with
// columns t (the local day; of metrics with time), d0 … and l0 …
struct LiveRollup {
  Dataset groups;
  std::vector<std::string> dimensions;  // what d0 … are
  std::vector<std::string> measures;    // whose leaves l0 … are, in the order that their plan gives them
};

struct MetricsWork {
  MetricsModel model;
  Json period;           // of query/period.hpp
  std::string timezone;  // of a model without one
  std::int64_t now_us = 0;
  Comparison compare = Comparison::None;  // that the first line tells the days of
  std::vector<MetricsQuery> queries;
  std::vector<LiveRollup> rollups;  // the smallest first
};

Json to_json(const MetricsWork& work);
Result<MetricsWork> metrics_work_from_json(const Json& json);

}  // namespace canvasback
