#include "sql/metrics_columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace canvasback {

std::string computed_name(std::string_view dimension) { return fmt::format("d:{}", dimension); }

std::vector<MetricsExpression> expressions_of(const MetricsModel& model) {
  std::vector<MetricsExpression> out;
  for (const MetricDimension& dimension : model.dimensions) {
    if (!dimension.expression.empty()) out.push_back({dimension.expression, computed_name(dimension.name)});
  }
  for (const Metric& metric : model.measures) {
    if (!metric.expression.empty()) out.push_back({metric.expression, fmt::format("m:{}", metric.name)});
  }
  return out;
}

std::string relation_with(const std::string& relation, const std::vector<MetricsExpression>& expressions) {
  if (expressions.empty()) return relation;
  std::string columns = "*";
  for (const MetricsExpression& one : expressions) {
    // The line end closes a trailing comment.
    columns += fmt::format(", ({}\n) AS {}", one.sql, sql_identifier(one.column));
  }
  return fmt::format("(SELECT {} FROM {})", columns, relation);
}

Json filter_from(const std::vector<MetricCondition>& conditions,
                 const std::function<std::string(const std::string&)>& column_of) {
  Json all = Json::Array{};
  for (const MetricCondition& condition : conditions) {
    const auto of_column = [&](std::string_view op, const Json& value) {
      Json right;
      right.set("op", op);
      right.set("value", value);
      Json out;
      out.set(column_of(condition.name), std::move(right));
      return out;
    };
    if (condition.is_range) {
      if (!condition.from.is_null()) all.push(of_column("ge", condition.from));
      if (!condition.to.is_null()) all.push(of_column("lt", condition.to));
    } else if (condition.values.empty()) {
      if (condition.negated) continue;  // none is left out
      Json never;
      never.set("or", Json::Array{});
      all.push(std::move(never));
    } else if (condition.negated) {
      Json excluded;
      excluded.set("not", of_column("in", condition.values));
      all.push(std::move(excluded));
    } else {
      all.push(of_column("in", condition.values));
    }
  }
  Json out;
  out.set("and", std::move(all));
  return out;
}

std::vector<std::string> source_columns(const MetricsModel& model, const std::vector<MetricsQuery>& queries) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& column) {
    if (!column.empty() && std::ranges::find(out, column) == out.end()) out.push_back(column);
  };
  const auto add_named = [&](const std::string& name) {
    const MetricDimension* dimension = model.find_dimension(name);
    if (dimension == nullptr) return add(name);
    if (!dimension->expression.empty()) return add(computed_name(name));
    add(dimension->column.empty() ? model.time : dimension->column);
  };
  const auto add_measure = [&](const Metric& metric) {
    add(metric.expression.empty() ? metric.column : fmt::format("m:{}", metric.name));
    for (const MetricCondition& condition : metric.where) add_named(condition.name);
  };
  add(model.time);
  for (const MetricsQuery& query : queries) {
    for (const std::string& name : query.dimensions) add_named(name);
    for (const MetricCondition& condition : query.where) add_named(condition.name);
    for (const std::string& name : query.measures) {
      const Metric* metric = model.find_measure(name);
      if (metric == nullptr) continue;
      add_measure(*metric);
      if (metric->kind != MetricKind::Ratio) continue;
      add_measure(*model.find_measure(metric->numerator));
      add_measure(*model.find_measure(metric->denominator));
    }
  }
  return out;
}

}  // namespace canvasback
