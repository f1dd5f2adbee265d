// The columns that metrics read: those of the source, and what stands for expressions and for dimensions that are made
// of a column. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "query/metrics_query.hpp"

namespace canvasback {

// A dimension that is not a column, as a column of the relation.
std::string computed_name(std::string_view dimension);

// An expression of the user's, and the column of the relation that stands for it.
struct MetricsExpression {
  std::string sql;
  std::string column;
};
std::vector<MetricsExpression> expressions_of(const MetricsModel& model);
// The relation with a column for each of them.
std::string relation_with(const std::string& relation, const std::vector<MetricsExpression>& expressions);

// Conditions as a filter (query/selection.hpp) on columns; `column_of`: of a condition's name.
Json filter_from(const std::vector<MetricCondition>& conditions,
                 const std::function<std::string(const std::string&)>& column_of);

// The columns of the source that these queries read, each once.
std::vector<std::string> source_columns(const MetricsModel& model, const std::vector<MetricsQuery>& queries);

}  // namespace canvasback
