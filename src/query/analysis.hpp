// Analysis: what is asked of a dataset's columns besides rows: a profile, a histogram, the most frequent values, or an
// aggregate. Made from a request, checked against the dataset, sent to a worker as JSON with the task's selection
// (which gives the filter), and turned into SQL there (sql/analysis_sql.hpp). Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "query/selection.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// A key of an aggregate: a column, or a date cut to the beginning of its year, quarter, month, week, day, hour or
// minute.
struct GroupKey {
  std::string column;
  std::string every;  // empty: the value itself
  std::string name;   // of the result column
};

struct Measure {
  std::string function;      // see measure_functions()
  std::string column;        // empty: count of rows
  double probability = 0.5;  // quantile
  std::string name;
};

struct Analysis {
  enum class Kind { None, Profile, Histogram, Top, Aggregate };
  Kind kind = Kind::None;
  std::string profile_type;  // Profile: summary, profile, quality
  std::string column;        // Histogram, Top
  std::int64_t bins = 20;    // Histogram
  std::int64_t top = 10;     // Top: so many values
  std::vector<GroupKey> group_by;
  std::vector<Measure> measures;
};

// The functions of measures, by name.
std::vector<std::string_view> measure_functions();
// A function's name as measure_functions() has it, also of "avg" and "stddev"; empty where there is none.
std::string_view measure_function_named(std::string_view name);

// An aggregate from its request's members group_by and measures. A key is a column or {"column", "every", "as"}; a
// measure is a function's name ("count") or {"function", "column", "q", "as"}. Errors: InvalidData.
Result<Analysis> aggregate_from_json(const Json& group_by, const Json& measures);

// Columns exist and have fitting types, numbers are within bounds, result names are unique and the sort keys name
// results. `selection` gives filter, sort and limit. Errors: InvalidData.
Status check_analysis(const Analysis& analysis, const Selection& selection, const Dataset& dataset);

Json to_json(const Analysis& analysis);
Analysis analysis_from_json(const Json& json);

}  // namespace canvasback
