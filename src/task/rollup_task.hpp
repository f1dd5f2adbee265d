// The task that makes the rollups of one source's metrics for a published site. Its answer is sections: a line of JSON,
// and of a rollup the bytes of its file behind it, as many as the line says. The first line describes the metrics
// (newest row, days, dimensions, measures, leaves); then comes {"rollup": …, "bytes": n} for each file, and
// {"unavailable": …} for what was too large (docs/publish.md). Made for this server instead, sections are groups by day
// alone, as the engine has them (task/metrics_task.hpp, LiveRollup), without a first line. Wire form: JSON.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.hpp"
#include "query/rollup_plan.hpp"

namespace canvasback {

struct RollupWork {
  bool for_server = false;
  MetricsModel model;
  std::string timezone;  // of a model without one
  std::int64_t now_us = 0;
  Json period;  // that the dashboard opens with: details are of it, and of all
  Comparison compare = Comparison::None;
  RollupNeeds needs;
  std::int64_t part_bytes_max = 0;    // of one file of days
  std::int64_t detail_bytes_max = 0;  // of one file of details
  std::int64_t bytes_max = 0;         // of all
};

Json to_json(const RollupWork& work);
Result<RollupWork> rollup_work_from_json(const Json& json);

}  // namespace canvasback
