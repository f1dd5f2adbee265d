#include "sql/analysis_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "record/column_type.hpp"

namespace canvasback {
namespace {

// How the measures of query/analysis.cpp are written; {} stands for the column.
struct Function {
  std::string_view name;
  std::string_view sql;
};
constexpr std::array kFunctions{
    Function{"count", "count({})"},
    Function{"count_distinct", "count(DISTINCT {})"},
    Function{"approx_distinct", "approx_count_distinct({})"},
    Function{"sum", "sum({})"},
    Function{"mean", "avg({})"},
    Function{"min", "min({})"},
    Function{"max", "max({})"},
    Function{"std", "stddev_samp({})"},
    Function{"variance", "var_samp({})"},
    Function{"median", "median({})"},
    Function{"any", "any_value({})"},
};

std::string where_of(const std::string& condition) { return condition.empty() ? "" : " WHERE " + condition; }

std::string measure_sql(const Measure& measure) {
  if (measure.column.empty()) return "count(*)";
  const std::string column = sql_identifier(measure.column);
  const std::string_view name = measure_function_named(measure.function);
  if (name == "quantile") return fmt::format("quantile_cont({}, {})", column, measure.probability);
  const auto* function = std::ranges::find(kFunctions, name, &Function::name);
  return fmt::format(fmt::runtime(function->sql), column);
}

// The value whose place in the histogram counts: a number, or the microseconds of a date.
std::string number_of(const std::string& name, std::string_view type) {
  if (is_date_type(type)) return fmt::format("epoch_us(CAST({} AS TIMESTAMP))", name);
  return fmt::format("CAST({} AS DOUBLE)", name);
}

std::string finite_condition(const std::string& name, std::string_view type) {
  return may_be_infinite(type) ? fmt::format("isfinite({})", name) : fmt::format("{} IS NOT NULL", name);
}

Result<SqlStatement> aggregate_sql(const Dataset& dataset, const Analysis& analysis, const Selection& selection) {
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  std::vector<std::string> columns;
  std::vector<std::string> keys;
  for (const GroupKey& key : analysis.group_by) {
    std::string value = sql_identifier(key.column);
    if (!key.every.empty()) value = fmt::format("date_trunc({}, {})", sql_literal(key.every), value);
    columns.push_back(fmt::format("{} AS {}", value, sql_identifier(key.name)));
    keys.push_back(fmt::format("{}", columns.size()));
  }
  for (const Measure& measure : analysis.measures) {
    columns.push_back(fmt::format("{} AS {}", measure_sql(measure), sql_identifier(measure.name)));
  }
  std::vector<std::string> order;
  for (const SortKey& key : selection.sort) {
    // By number: a result may be named as a column that is not it.
    std::size_t place = 0;
    for (const GroupKey& known : analysis.group_by) {
      ++place;
      if (lower(known.name) == lower(key.column)) break;
    }
    if (place == 0 || lower(analysis.group_by[place - 1].name) != lower(key.column)) {
      place = analysis.group_by.size();
      for (const Measure& known : analysis.measures) {
        ++place;
        if (lower(known.name) == lower(key.column)) break;
      }
    }
    order.push_back(fmt::format("{} {} NULLS LAST", place, key.descending ? "DESC" : "ASC"));
  }
  statement.sql =
      fmt::format("SELECT {} FROM {}{}", fmt::join(columns, ", "), relation_sql(dataset), where_of(statement.sql));
  if (!keys.empty()) statement.sql += fmt::format(" GROUP BY {}", fmt::join(keys, ", "));
  if (!order.empty()) statement.sql += fmt::format(" ORDER BY {}", fmt::join(order, ", "));
  if (selection.limit) statement.sql += fmt::format(" LIMIT {}", *selection.limit);
  if (selection.offset > 0) statement.sql += fmt::format(" OFFSET {}", selection.offset);
  return statement;
}

}  // namespace

Result<SqlStatement> analysis_sql(const Dataset& dataset, const Analysis& analysis, const Selection& selection) {
  if (analysis.kind == Analysis::Kind::Aggregate) return aggregate_sql(dataset, analysis, selection);
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  statement.sql = fmt::format(
      "SELECT {0} AS \"value\", count(*) AS \"count\", CAST(count(*) AS DOUBLE) / sum(count(*)) OVER () AS \"share\" "
      "FROM {1}{2} GROUP BY 1 ORDER BY 2 DESC, 1 ASC NULLS LAST LIMIT {3}",
      sql_identifier(analysis.column), relation_sql(dataset), where_of(statement.sql), analysis.top);
  return statement;
}

Result<SqlStatement> histogram_bounds_sql(const Dataset& dataset, const Analysis& analysis,
                                          const Selection& selection) {
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  const std::string name = sql_identifier(analysis.column);
  const std::string& type = dataset.find_column(analysis.column)->type;
  const std::string finite = finite_condition(name, type);
  const std::string number = fmt::format("CASE WHEN {} THEN {} END", finite, number_of(name, type));
  statement.sql = fmt::format(
      "SELECT CAST(min({0}) AS VARCHAR), CAST(max({0}) AS VARCHAR), count(*), count({1}), count({0}) FROM {2}{3}",
      number, name, relation_sql(dataset), where_of(statement.sql));
  return statement;
}

Result<SqlStatement> histogram_sql(const Dataset& dataset, const Analysis& analysis, const Selection& selection,
                                   const HistogramBounds& bounds) {
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  const std::string name = sql_identifier(analysis.column);
  const std::string& type = dataset.find_column(analysis.column)->type;
  auto bind = [&](const std::string& text) {
    statement.parameters.push_back(text);
    return fmt::format("CAST(${} AS DOUBLE)", statement.parameters.size());
  };
  const std::string low = bind(bounds.low);
  const std::string high = bind(bounds.high);
  const std::int64_t bins = bounds.low == bounds.high ? 1 : analysis.bins;
  const std::string condition = statement.sql.empty() ? "" : statement.sql + " AND ";
  // Of a step that is too large or too small for a double, each end is scaled by itself.
  auto edge = [&](std::string_view place) {
    const std::string number = fmt::format("({0} * (1 - {2}) + {1} * {2})", low, high, place);
    if (!is_date_type(type)) return number;
    return fmt::format("make_timestamp(CAST({} AS BIGINT))", number);
  };
  statement.sql = fmt::format(
      "SELECT bin, {4} AS \"low\", {5} AS \"high\", COALESCE(met, 0) AS \"count\" FROM range(0, {3}) AS bins(bin) "
      "LEFT JOIN (SELECT CAST(least({3} - 1, greatest(0, floor(({0} / {3} - {1} / {3}) / "
      "nullif({2} / {3} - {1} / {3}, 0) * {3}))) AS BIGINT) AS place, count(*) AS met FROM {6} WHERE {7}{8} "
      "GROUP BY 1) ON COALESCE(place, 0) = bin ORDER BY bin",
      number_of(name, type), low, high, bins, edge(fmt::format("(bin / CAST({} AS DOUBLE))", bins)),
      edge(fmt::format("((bin + 1) / CAST({} AS DOUBLE))", bins)), relation_sql(dataset), condition,
      finite_condition(name, type));
  return statement;
}

}  // namespace canvasback
