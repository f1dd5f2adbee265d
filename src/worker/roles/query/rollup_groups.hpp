// The tables of groups that rollups are written from, as temporary tables of the engine: made of the source's rows, or
// of a larger table of groups that is there, which gives the same and reads far less.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/rollup_plan.hpp"
#include "sql/metrics_sql.hpp"
#include "worker/roles/query/metrics_source.hpp"
#include "worker/roles/query/task_context.hpp"

namespace canvasback {

// Which groups: of a measure's sketch, or of all leaves.
struct RollupGroups {
  RollupKind kind = RollupKind::Leaves;
  std::string sketch;
  std::vector<std::string> dimensions;
  Grain grain = Grain::None;
  std::optional<DayRange> days;  // of metrics with time; unbounded: all
  std::string measure;           // whose value is a column m, too
};

struct RollupTable {
  std::string name;
  RollupGroups groups;
  std::int64_t rows = 0;
};

class RollupTables {
 public:
  // The names of measures that leaves are of. They, the context and the metrics must outlive it.
  RollupTables(TaskContext& context, const MetricsModel& model, const OpenMetrics& metrics,
               std::vector<std::string> measures)
      : context_(context), model_(model), metrics_(metrics), measures_(std::move(measures)) {}
  ~RollupTables();
  RollupTables(const RollupTables&) = delete;
  RollupTables& operator=(const RollupTables&) = delete;

  // Nothing where there are more than `rows_max` groups. The table is there until the next call, and longer where
  // others can be made of it.
  Result<std::optional<RollupTable>> make(const RollupGroups& groups, std::int64_t rows_max);
  // Of the leaves, or of a sketch's measure. `days`: of metrics with time.
  Result<const MetricsPlan*> plan_of(RollupKind kind, const std::string& sketch, const std::optional<DayRange>& days);

 private:
  const RollupTable* source_of(const RollupGroups& groups) const;
  Result<SqlStatement> statement_of(const RollupGroups& groups);
  Status run(std::string sql, std::vector<std::string> parameters = {});
  void keep(const RollupTable& table);

  TaskContext& context_;
  const MetricsModel& model_;
  const OpenMetrics& metrics_;
  std::vector<std::string> measures_;
  std::map<std::string, std::unique_ptr<MetricsPlan>> plans_;
  std::vector<RollupTable> kept_;
  std::string last_;  // a table that is not kept
  std::int64_t kept_rows_ = 0;
  std::int64_t made_ = 0;
};

}  // namespace canvasback
