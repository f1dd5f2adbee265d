#include "sql/analysis_sql.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "record/column_type.hpp"
#include "sql/column_names.hpp"
#include "sql/decimal_type.hpp"
#include "sql/histogram_edges.hpp"
#include "sql/measure_sql.hpp"

namespace canvasback {
namespace {

std::string where_of(const std::string& condition) { return condition.empty() ? "" : " WHERE " + condition; }

// A decimal in units of its last digit: the engine's histogram() would make a double of it.
std::string units_of(const std::string& name, const DecimalType& type) {
  if (type.scale == 0) return fmt::format("CAST({} AS HUGEINT)", name);
  if (type.width + type.scale > kDecimalDigitsMax) {
    return fmt::format("CAST(replace(CAST({} AS VARCHAR), '.', '') AS HUGEINT)", name);
  }
  return fmt::format("CAST(CAST({} AS DECIMAL({},{})) * CAST(1{:0>{}} AS DECIMAL({},0)) AS HUGEINT)", name,
                     kDecimalDigitsMax, type.scale, "", type.scale, type.scale + 1);
}

// The value that is counted by its place between edges: the column itself where it is an integer, units of a decimal's
// last digit, the microseconds or nanoseconds of a date, else a double.
std::string number_of(const std::string& name, std::string_view type) {
  switch (edges_kind(type)) {
    case EdgesKind::Nanoseconds: return fmt::format("epoch_ns({})", name);
    case EdgesKind::Microseconds: return fmt::format("epoch_us(CAST({} AS TIMESTAMP))", name);
    case EdgesKind::Integers: return name;
    case EdgesKind::Decimals: return units_of(name, decimal_type(type));
    case EdgesKind::Doubles: break;
  }
  return fmt::format("CAST({} AS DOUBLE)", name);
}

// The SQL types of a histogram: what is compared, what its edges are lists of, and how one of them is shown.
struct HistogramTypes {
  std::string_view counted;
  std::string_view edges;
  const char* shown;
};

HistogramTypes histogram_types(std::string_view type) {
  switch (edges_kind(type)) {
    case EdgesKind::Nanoseconds: return {"BIGINT", "BIGINT", "make_timestamp_ns({})"};
    case EdgesKind::Microseconds: return {"BIGINT", "BIGINT", "make_timestamp({})"};
    case EdgesKind::Integers: return {"HUGEINT", "DOUBLE", "{}"};
    case EdgesKind::Decimals: return {"HUGEINT", type, "{}"};
    case EdgesKind::Doubles: break;
  }
  return {"DOUBLE", "DOUBLE", "{}"};
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
  const bool as_it_is = edges_kind(type) == EdgesKind::Decimals;
  const std::string number = fmt::format("CASE WHEN {} THEN {} END", finite, as_it_is ? name : number_of(name, type));
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
  const HistogramTypes types = histogram_types(type);
  const auto list = [&](const std::vector<std::string>& texts, std::string_view of) {
    statement.parameters.push_back(fmt::format("[{}]", fmt::join(texts, ", ")));
    return fmt::format("CAST(${} AS {}[])", statement.parameters.size(), of);
  };
  const std::string shown = list(edges.edges, types.edges);
  const std::string last = list(edges.last, types.counted);
  const auto edge = [&](std::string_view place) {
    return fmt::format(fmt::runtime(types.shown), fmt::format("list_extract({}, {})", shown, place));
  };
  // The engine counts by the last value of each bin: by comparing, not by arithmetic. Of bins that end at the same
  // value only the first can hold any.
  statement.sql = fmt::format(
      "SELECT bin, {0} AS \"low\", {1} AS \"high\", COALESCE(met, 0) AS \"count\" FROM "
      "(SELECT bin, list_extract({2}, bin + 1) AS last, lag(list_extract({2}, bin + 1)) OVER (ORDER BY bin) AS before "
      "FROM range(0, {3}) AS bins(bin)) LEFT JOIN (SELECT unnest(map_keys(counts)) AS place, "
      "CAST(unnest(map_values(counts)) AS BIGINT) AS met FROM (SELECT histogram(CAST({4} AS {5}), list_distinct({2})) "
      "AS counts FROM {6} WHERE {7}{8})) ON place = last AND before IS DISTINCT FROM last ORDER BY bin",
      edge("bin + 1"), edge("bin + 2"), last, bins, number_of(name, type), types.counted, relation_sql(dataset),
      condition, finite_condition(name, type));
  return statement;
}

}  // namespace canvasback
