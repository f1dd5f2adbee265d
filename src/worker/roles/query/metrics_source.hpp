// What the metrics of a dashboard are of, as the engine has it: a dataset, or a SELECT of the user's that has passed
// the gate; its columns; the steps of its time zone; and what the wanted period became. For metrics_task.cpp.
#pragma once

#include <optional>

#include "base/error.hpp"
#include "sql/metrics_sql.hpp"
#include "task/metrics_task.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

struct OpenMetrics {
  MetricsSource source;
  std::optional<std::int64_t> oldest_us;  // of the rows' times
  std::optional<std::int64_t> newest_us;
  PeriodWish wish;
  std::int64_t last_day = 0;       // of relative periods
  std::optional<DayRange> period;  // of metrics with time

  // The periods of a query that compares so.
  MetricsPeriods periods(Comparison comparison) const;
  // The days that the period has, or the rows where it has no bounds.
  std::int64_t days() const;
};

Result<OpenMetrics> open_metrics(TaskContext& context, const MetricsWork& work);

}  // namespace canvasback
