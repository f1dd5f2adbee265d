// What the metrics of a dashboard are of, as the engine has it: a dataset, or a SELECT of the user's that has passed
// the gate; its columns; the steps of its time zone; and what the wanted period became. For metrics_task.cpp.
#pragma once

#include <optional>
#include <vector>

#include "base/error.hpp"
#include "sql/daily_groups.hpp"
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
  std::vector<DailyGroups> made;   // before: of all rows, the fewest groups first

  // The periods of a query that compares so.
  MetricsPeriods periods(Comparison comparison) const;
  // The days that the period has, or the rows where it has no bounds.
  std::int64_t days() const;
  // The groups of a plan of this source: of the fewest groups that were made before and have what it takes, else of
  // the rows.
  Result<SqlStatement> groups_sql(const MetricsPlan& plan, const GroupKeys& keys) const;
  // Whether it would be of such groups.
  bool has_groups(const MetricsPlan& plan, const GroupKeys& keys) const;
};

Result<OpenMetrics> open_metrics(TaskContext& context, const MetricsWork& work);

}  // namespace canvasback
