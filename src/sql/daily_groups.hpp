// Groups by day that were made of all rows of a source (a rollup of this server), and a query's groups made of them
// instead of the rows: the same numbers from far fewer rows. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sql/metrics_sql.hpp"

namespace canvasback {

struct DailyGroups {
  std::string relation;                 // columns t (the local day, of metrics with time), d0 …, l0 …
  std::vector<std::string> dimensions;  // what d0 … are
  std::vector<std::string> types;       // of these
  std::vector<std::string> leaves;      // what l0 … are: MetricsPlan::leaf_texts()
};

// The columns that MetricsPlan::groups_sql() gives for these keys. Nothing where the groups do not have what it takes:
// a dimension, a leaf, times finer than days, or a leaf that cannot be merged.
Result<std::optional<SqlStatement>> groups_sql_from(const DailyGroups& made, const MetricsPlan& plan,
                                                    const MetricsClock& clock, const GroupKeys& keys);

}  // namespace canvasback
