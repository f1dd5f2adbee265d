#include "sql/analysis_sql.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "record/column_type.hpp"
#include "sql/column_names.hpp"
#include "sql/histogram_edges.hpp"
#include "sql/measure_sql.hpp"

namespace canvasback {
namespace {

std::string where_of(const std::string& condition) { return condition.empty() ? "" : " WHERE " + condition; }

// The value that is counted by its place between edges: the column itself where it is an integer, the microseconds of a
// date, else a double.
std::string number_of(const std::string& name, std::string_view type) {
  if (is_date_type(type)) return fmt::format("epoch_us(CAST({} AS TIMESTAMP))", name);
  if (edges_kind(type) == EdgesKind::Integers) return name;
  return fmt::format("CAST({} AS DOUBLE)", name);
}

std::string finite_condition(const std::string& name, std::string_view type) {
  return may_be_infinite(type) ? fmt::format("isfinite({})", name) : fmt::format("{} IS NOT NULL", name);
}

Result<SqlStatement> aggregate_sql(const Dataset& dataset, const Analysis& analysis, const Selection& selection) {
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  const ColumnNames names(dataset);
  std::vector<std::string> columns;
  std::vector<std::string> keys;
  for (const GroupKey& key : analysis.group_by) {
    std::string value = names.sql(key.column);
    if (!key.every.empty()) value = fmt::format("date_trunc({}, {})", sql_literal(key.every), value);
    columns.push_back(fmt::format("{} AS {}", value, sql_identifier(key.name)));
    keys.push_back(fmt::format("{}", columns.size()));
  }
  for (const Measure& measure : analysis.measures) {
    const DatasetColumn* column = dataset.find_column(measure.column);
    const std::string sql = measure_sql(measure, column == nullptr ? std::string() : column->type, names);
    columns.push_back(fmt::format("{} AS {}", sql, sql_identifier(measure.name)));
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
      ColumnNames(dataset).sql(analysis.column), relation_sql(dataset), where_of(statement.sql), analysis.top);
  return statement;
}

Result<SqlStatement> histogram_bounds_sql(const Dataset& dataset, const Analysis& analysis,
                                          const Selection& selection) {
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  const std::string name = ColumnNames(dataset).sql(analysis.column);
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
  const std::string name = ColumnNames(dataset).sql(analysis.column);
  const std::string& type = dataset.find_column(analysis.column)->type;
  const std::int64_t bins = bounds.low == bounds.high ? 1 : analysis.bins;
  CANVASBACK_ASSIGN(const HistogramEdges edges, histogram_edges(edges_kind(type), bounds.low, bounds.high, bins));
  const std::string condition = statement.sql.empty() ? "" : statement.sql + " AND ";
  const bool dates = is_date_type(type);
  const std::string_view counted = dates ? "BIGINT" : edges_kind(type) == EdgesKind::Integers ? "HUGEINT" : "DOUBLE";
  const auto list = [&](const std::vector<std::string>& texts, std::string_view of) {
    statement.parameters.push_back(fmt::format("[{}]", fmt::join(texts, ", ")));
    return fmt::format("CAST(${} AS {}[])", statement.parameters.size(), of);
  };
  const std::string shown = list(edges.edges, dates ? "BIGINT" : "DOUBLE");
  const std::string last = list(edges.last, counted);
  const auto edge = [&](std::string_view place) {
    const std::string text = fmt::format("list_extract({}, {})", shown, place);
    return dates ? fmt::format("make_timestamp({})", text) : text;
  };
  // The engine counts by the last value of each bin: by comparing, not by arithmetic. Of bins that end at the same
  // value only the first can hold any.
  statement.sql = fmt::format(
      "SELECT bin, {0} AS \"low\", {1} AS \"high\", COALESCE(met, 0) AS \"count\" FROM "
      "(SELECT bin, list_extract({2}, bin + 1) AS last, lag(list_extract({2}, bin + 1)) OVER (ORDER BY bin) AS before "
      "FROM range(0, {3}) AS bins(bin)) LEFT JOIN (SELECT unnest(map_keys(counts)) AS place, "
      "CAST(unnest(map_values(counts)) AS BIGINT) AS met FROM (SELECT histogram(CAST({4} AS {5}), list_distinct({2})) "
      "AS counts FROM {6} WHERE {7}{8})) ON place = last AND before IS DISTINCT FROM last ORDER BY bin",
      edge("bin + 1"), edge("bin + 2"), last, bins, number_of(name, type), counted, relation_sql(dataset), condition,
      finite_condition(name, type));
  return statement;
}

}  // namespace canvasback
