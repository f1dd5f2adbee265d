// The SQL of an analysis (query/analysis.hpp) that was checked against its dataset. Pure.
#pragma once

#include <string>

#include "base/error.hpp"
#include "query/analysis.hpp"
#include "sql/sql_builder.hpp"

namespace canvasback {

// SQL of an aggregate or of the most frequent values (value, count, share).
Result<SqlStatement> analysis_sql(const Dataset& dataset, const Analysis& analysis, const Selection& selection);
// One row: low, high (of the finite values; DOUBLE, or BIGINT microseconds for dates), rows, nulls, not finite.
Result<SqlStatement> histogram_bounds_sql(const Dataset& dataset, const Analysis& analysis, const Selection& selection);
// The bins from low to high as rows: bin, low, high, count; bins that nothing falls into have count 0.
struct HistogramBounds {
  std::string low;  // as texts, to lose no digit
  std::string high;
};
Result<SqlStatement> histogram_sql(const Dataset& dataset, const Analysis& analysis, const Selection& selection,
                                   const HistogramBounds& bounds);

}  // namespace canvasback
