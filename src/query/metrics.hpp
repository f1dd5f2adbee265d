// Metrics: what a dashboard measures: a source (a dataset, or one SELECT over datasets), its time, the dimensions that
// numbers are split by, and the measures. Plain values, read from the JSON of a dashboard (query/dashboard_reader.hpp),
// turned into SQL by sql/metrics_sql.hpp. docs/dashboards.md describes every member for users.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace canvasback {

// The length of a bucket of time; None: none.
enum class Grain { None, Hour, Day, Week, Month, Quarter, Year };

std::string_view name_of(Grain grain);
std::optional<Grain> grain_from(std::string_view name);
std::vector<std::string> grain_names();

// A condition on one dimension (or column): one of these values, or none of them, or from ≤ value < to.
struct MetricCondition {
  std::string name;
  Json::Array values;
  bool negated = false;
  bool is_range = false;
  Json from;  // null: no bound
  Json to;
};

Json to_json(const MetricCondition& condition);
// From {"a": 1, "b": [1, 2], "c": {"not": [null]}, "d": {"from": 1, "to": 2}}. Errors: InvalidData.
Result<std::vector<MetricCondition>> conditions_from_json(const Json& json);
Json to_json(const std::vector<MetricCondition>& conditions);

struct MetricDimension {
  std::string name;
  std::string column;             // empty with expression, or where part and grain are of the time
  std::string expression;         // SQL
  std::string part;               // hour, weekday, day, month, quarter, year
  Grain grain = Grain::None;      // the time cut to its beginning
  std::vector<std::string> bins;  // lower edges, as their digits
  std::int64_t top = 0;           // 0: all values
};

enum class MetricKind { Count, Sum, Min, Max, Average, Distinct, Quantile, Ratio };

std::string_view name_of(MetricKind kind);
std::optional<MetricKind> metric_kind_from(std::string_view name);
std::vector<std::string> metric_kind_names();

struct Metric {
  std::string name;
  MetricKind kind = MetricKind::Count;
  std::string column;  // empty: rows are counted, or there is an expression
  std::string expression;
  std::string numerator;  // Ratio: names of other measures
  std::string denominator;
  std::vector<MetricCondition> where;  // by column or dimension
  double probability = 0.5;
  std::optional<int> scale;
  bool approximate = false;
};

struct MetricsModel {
  std::string name;
  std::string source;  // a dataset, or empty
  std::string sql;     // else this
  std::string time;    // a column; empty: none
  std::string timezone;
  std::string source_timezone = "UTC";
  std::string week_start = "monday";
  Grain grain = Grain::Day;
  bool until_now = false;
  std::vector<MetricDimension> dimensions;
  std::vector<Metric> measures;
  std::vector<std::string> private_columns;
  Json document;  // as it was given: its wire form

  const MetricDimension* find_dimension(std::string_view dimension) const;
  const Metric* find_measure(std::string_view measure) const;
  // Whether SQL of a user is part of its statements: they go through the gate.
  bool has_user_sql() const;
};

// Hour 0 to 23 and the like: the parts that a dimension may be.
std::vector<std::string> time_part_names();

}  // namespace canvasback
