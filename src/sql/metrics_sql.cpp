#include "sql/metrics_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"
#include "record/column_type.hpp"
#include "sql/column_names.hpp"
#include "sql/measure_sql.hpp"

namespace canvasback {
namespace {

const ColumnNames kPlainNames{std::vector<std::string>()};
constexpr double kHyperLogLogError = 0.13;  // of the engine's sketch, which has 64 registers

bool is_plain(const MetricDimension& dimension) {
  return dimension.expression.empty() && dimension.part.empty() && dimension.grain == Grain::None &&
         dimension.bins.empty();
}

std::string type_of(const MetricDimension& dimension) {
  if (!dimension.part.empty()) return "BIGINT";
  if (!dimension.bins.empty()) return "DOUBLE";
  return dimension.grain == Grain::Hour ? "TIMESTAMP" : "DATE";
}

std::string bins_sql(const std::string& value, const std::vector<std::string>& edges) {
  std::string out = fmt::format("CASE WHEN {} < {} THEN NULL", value, edges.front());
  for (std::size_t i = 1; i < edges.size(); ++i) {
    out += fmt::format(" WHEN {} < {} THEN CAST({} AS DOUBLE)", value, edges[i], edges[i - 1]);
  }
  return out + " END";
}

int scale_of(const std::string& type) {
  const std::size_t comma = type.find(',');
  return comma == std::string::npos ? 0 : std::atoi(type.c_str() + comma + 1);
}

// The type of a sum of values of a type.
std::string sum_type(const std::string& type) {
  if (type == "DOUBLE" || type == "FLOAT") return "DOUBLE";
  if (type.starts_with("DECIMAL")) return fmt::format("DECIMAL(38,{})", scale_of(type));
  return "HUGEINT";
}

Status wrong_type(const Metric& metric, std::string_view type) {
  return fail(ErrorCode::InvalidData,
              fmt::format("The measure \"{}\" needs numbers; its column is {}.", metric.name, type));
}

Status no_column(std::string_view column) {
  return fail(ErrorCode::InvalidData, fmt::format("The source has no column \"{}\".", column.substr(0, 128)));
}

// From the first day of both to the last.
DayRange around(const DayRange& one, const DayRange& other) {
  DayRange out;
  if (one.from && other.from) out.from = std::min(*one.from, *other.from);
  if (one.to && other.to) out.to = std::max(*one.to, *other.to);
  return out;
}

}  // namespace

PeriodSql period_sql(const MetricsClock& clock, const TimeColumn& time, const MetricsPeriods& periods,
                     const DayRange* days, int period) {
  PeriodSql out;
  if (days != nullptr) {
    out.conditions.push_back(within_sql(clock, time, *days));
    if (periods.compared) out.column = fmt::format("{} AS p", period);
  } else if (periods.compared) {
    const std::string now = within_sql(clock, time, *periods.period);
    // The engine leaves out row groups by a range, not by one of two.
    out.conditions.push_back(within_sql(clock, time, around(*periods.period, *periods.compared)));
    out.conditions.push_back(fmt::format("({} OR {})", now, within_sql(clock, time, *periods.compared)));
    out.column = fmt::format("CASE WHEN {} THEN 0 ELSE 1 END AS p", now);
  } else if (periods.period) {
    out.conditions.push_back(within_sql(clock, time, *periods.period));
  }
  return out;
}

bool overlap(const DayRange& one, const DayRange& other) {
  const bool apart =
      (one.to && other.from && *one.to <= *other.from) || (other.to && one.from && *other.to <= *one.from);
  return !apart;
}

Result<MetricsPlan> MetricsPlan::make(const MetricsModel& model, const MetricsSource& source, MetricsQuery query,
                                      MetricsPeriods periods) {
  MetricsPlan plan(model, source, std::move(query), std::move(periods));
  for (const std::string& name : plan.query_.dimensions) {
    if (model.find_dimension(name) != nullptr) continue;
    return fail(ErrorCode::InvalidData, fmt::format("There is no dimension \"{}\".", name.substr(0, 128)));
  }
  for (const std::string& name : plan.query_.measures) {
    const Metric* metric = model.find_measure(name);
    if (metric == nullptr) {
      return fail(ErrorCode::InvalidData, fmt::format("There is no measure \"{}\".", name.substr(0, 128)));
    }
    CANVASBACK_TRY(plan.add_part(*metric));
    if (metric->kind != MetricKind::Ratio) continue;
    CANVASBACK_TRY(plan.add_part(*model.find_measure(metric->numerator)));
    CANVASBACK_TRY(plan.add_part(*model.find_measure(metric->denominator)));
  }
  return plan;
}

Status MetricsPlan::add_part(const Metric& metric) {
  if (std::ranges::find(parts_, &metric, &Part::metric) != parts_.end()) return {};
  Part part{&metric, {}};
  if (metric.kind != MetricKind::Ratio) {
    CANVASBACK_ASSIGN(Leaf leaf, leaf_of(metric));
    const Leaf values = leaf;
    part.leaves.push_back(add_leaf(std::move(leaf)));
    if (metric.kind == MetricKind::Average) {
      Leaf count = values;
      count.function = "count";
      part.leaves.push_back(add_leaf(std::move(count)));
    }
  }
  parts_.push_back(std::move(part));
  return {};
}

std::size_t MetricsPlan::add_leaf(Leaf leaf) {
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Leaf& known = leaves_[i];
    if (known.function == leaf.function && known.value == leaf.value && known.probability == leaf.probability &&
        to_json(known.where).dump() == to_json(leaf.where).dump()) {
      return i;
    }
  }
  leaves_.push_back(std::move(leaf));
  return leaves_.size() - 1;
}

Result<MetricsPlan::Leaf> MetricsPlan::leaf_of(const Metric& metric) const {
  Leaf leaf;
  leaf.where = metric.where;
  leaf.probability = metric.kind == MetricKind::Quantile ? metric.probability : 0.5;
  switch (metric.kind) {
    case MetricKind::Sum:
    case MetricKind::Average: leaf.function = "sum"; break;
    case MetricKind::Min: leaf.function = "min"; break;
    case MetricKind::Max: leaf.function = "max"; break;
    case MetricKind::Distinct: leaf.function = metric.approximate ? "approx_distinct" : "count_distinct"; break;
    case MetricKind::Quantile: leaf.function = metric.approximate ? "approx_quantile" : "quantile"; break;
    default: leaf.function = "count"; break;
  }
  const std::string column = metric.expression.empty() ? metric.column : fmt::format("m:{}", metric.name);
  if (column.empty()) return leaf;
  const DatasetColumn* known = source_->shape.find_column(column);
  if (known == nullptr) return std::unexpected(no_column(column).error());
  leaf.type = known->type;
  leaf.value = ColumnNames(source_->shape).sql(column);
  const bool numbers =
      metric.kind == MetricKind::Sum || metric.kind == MetricKind::Average || metric.kind == MetricKind::Quantile;
  if (numbers && !is_number_type(leaf.type)) return std::unexpected(wrong_type(metric, leaf.type).error());
  const bool of_values = leaf.function != "count" && leaf.function != "count_distinct";
  const bool real = leaf.type == "DOUBLE" || leaf.type == "FLOAT";
  const bool finer = leaf.type.starts_with("DECIMAL") && metric.scale && scale_of(leaf.type) > *metric.scale;
  if (metric.scale && of_values && (real || finer)) {
    leaf.type = fmt::format("DECIMAL(38,{})", *metric.scale);
    leaf.value = fmt::format("CAST({} AS {})", leaf.value, leaf.type);
  }
  return leaf;
}

const MetricsPlan::Part& MetricsPlan::part_of(const std::string& measure) const {
  return *std::ranges::find(parts_, measure, [](const Part& part) { return part.metric->name; });
}

Result<std::string> MetricsPlan::dimension_sql(const MetricDimension& dimension) const {
  const ColumnNames names(source_->shape);
  if (!dimension.expression.empty()) return names.sql(computed_name(dimension.name));
  const std::string column = dimension.column.empty() ? model_->time : dimension.column;
  const DatasetColumn* known = source_->shape.find_column(column);
  if (known == nullptr) return std::unexpected(no_column(column).error());
  const std::string name = names.sql(column);
  if (is_plain(dimension)) return name;
  if (!dimension.bins.empty()) {
    if (is_number_type(known->type)) return bins_sql(name, dimension.bins);
    return fail(ErrorCode::InvalidData, fmt::format("The bins of \"{}\" need numbers.", dimension.name));
  }
  if (!is_date_type(known->type)) {
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" needs a date or time.", dimension.name));
  }
  const TimeColumn time{name, known->type};
  if (!dimension.part.empty()) return time_part_sql(source_->clock, time, dimension.part);
  return bucket_sql(source_->clock, time, dimension.grain);
}

// Names become columns of the extended relation.
Json MetricsPlan::filter_of(const std::vector<MetricCondition>& conditions) const {
  return filter_from(conditions, [this](const std::string& name) {
    const MetricDimension* dimension = model_->find_dimension(name);
    if (dimension == nullptr) return name;
    return is_plain(*dimension) ? dimension->column : computed_name(name);
  });
}

// The relation with a column for each computed dimension that conditions are of; `shape` gets them, too.
Result<std::string> MetricsPlan::extended_relation(Dataset& shape) const {
  std::vector<std::string> columns;
  const auto extend = [&](const std::vector<MetricCondition>& conditions) -> Status {
    for (const MetricCondition& condition : conditions) {
      const MetricDimension* dimension = model_->find_dimension(condition.name);
      if (dimension == nullptr || is_plain(*dimension)) continue;
      const std::string name = computed_name(dimension->name);
      if (shape.find_column(name) != nullptr) continue;
      CANVASBACK_ASSIGN(std::string value, dimension_sql(*dimension));
      columns.push_back(fmt::format("{} AS {}", value, sql_identifier(name)));
      shape.columns.push_back({name, type_of(*dimension), {}, {}, {}});
    }
    return {};
  };
  CANVASBACK_TRY(extend(query_.where));
  for (const Leaf& leaf : leaves_) CANVASBACK_TRY(extend(leaf.where));
  if (columns.empty()) return source_->relation;
  return fmt::format("(SELECT *, {} FROM {})", fmt::join(columns, ", "), source_->relation);
}

// The rows of one period (`period`), or of all that are wanted (days is null), as what groups are made from.
Result<std::string> MetricsPlan::scan_sql(const GroupKeys& keys, const DayRange* days, int period,
                                          SqlStatement& statement) const {
  Dataset shape = source_->shape;
  CANVASBACK_ASSIGN(const std::string relation, extended_relation(shape));
  TimeColumn time;
  if (!model_->time.empty()) {
    const DatasetColumn* known = shape.find_column(model_->time);
    if (known == nullptr) return std::unexpected(no_column(model_->time).error());
    time = {ColumnNames(shape).sql(model_->time), known->type};
  }
  std::vector<std::string> columns;
  if (keys.grain != Grain::None) columns.push_back(bucket_sql(source_->clock, time, keys.grain) + " AS t");
  for (std::size_t i = 0; i < keys.dimensions.size(); ++i) {
    CANVASBACK_ASSIGN(std::string value, dimension_sql(*model_->find_dimension(keys.dimensions[i])));
    columns.push_back(fmt::format("{} AS d{}", value, i));
  }
  if (keys.only_rest) {
    CANVASBACK_ASSIGN(std::string value, dimension_sql(*model_->find_dimension(query_.dimensions.front())));
    columns.push_back(value + " AS r");
  }
  auto [period_column, conditions] = period_sql(source_->clock, time, periods_, days, period);
  if (!period_column.empty()) columns.push_back(std::move(period_column));
  if (!query_.where.empty()) {
    CANVASBACK_ASSIGN(std::string condition, append_condition(statement, shape, filter_of(query_.where)));
    conditions.push_back(std::move(condition));
  }
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Leaf& leaf = leaves_[i];
    std::string value = leaf.value;
    if (!leaf.where.empty()) {
      CANVASBACK_ASSIGN(std::string condition, append_condition(statement, shape, filter_of(leaf.where)));
      value = fmt::format("CASE WHEN {} THEN {} END", condition, value.empty() ? "1" : value);
    }
    if (!value.empty()) columns.push_back(fmt::format("{} AS x{}", value, i));
  }
  if (columns.empty()) columns.emplace_back("1 AS one");
  const std::string where = conditions.empty() ? "" : fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
  return fmt::format("SELECT {} FROM {}{}", fmt::join(columns, ", "), relation, where);
}

Result<SqlStatement> MetricsPlan::rows_sql(const std::vector<std::string>& columns, const std::vector<DayRange>& days,
                                           std::int64_t limit) const {
  SqlStatement statement;
  Dataset shape = source_->shape;
  CANVASBACK_ASSIGN(const std::string relation, extended_relation(shape));
  const ColumnNames names(shape);
  std::vector<std::string> values;
  for (const std::string& column : columns) {
    if (shape.find_column(column) == nullptr) return std::unexpected(no_column(column).error());
    values.push_back(names.sql(column));
  }
  std::vector<std::string> ranges;
  for (const DayRange& range : days) {
    ranges.push_back(
        within_sql(source_->clock, {names.sql(model_->time), shape.find_column(model_->time)->type}, range));
  }
  std::vector<std::string> conditions;
  if (!ranges.empty()) conditions.push_back(fmt::format("({})", fmt::join(ranges, " OR ")));
  if (!query_.where.empty()) {
    CANVASBACK_ASSIGN(std::string condition, append_condition(statement, shape, filter_of(query_.where)));
    conditions.push_back(std::move(condition));
  }
  const std::string where = conditions.empty() ? "" : fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
  statement.sql = fmt::format("SELECT {} FROM {}{} LIMIT {}", fmt::join(values, ", "), relation, where, limit);
  return statement;
}

Result<SqlStatement> MetricsPlan::groups_sql(const GroupKeys& keys) const {
  SqlStatement statement;
  std::string rows;
  if (periods_.compared && overlap(*periods_.period, *periods_.compared)) {
    // A row may be of both.
    CANVASBACK_ASSIGN(std::string now, scan_sql(keys, &*periods_.period, 0, statement));
    CANVASBACK_ASSIGN(std::string then, scan_sql(keys, &*periods_.compared, 1, statement));
    rows = fmt::format("{} UNION ALL {}", now, then);
  } else {
    CANVASBACK_ASSIGN(rows, scan_sql(keys, nullptr, 0, statement));
  }
  std::vector<std::string> columns;
  if (keys.grain != Grain::None) columns.emplace_back("t");
  for (std::size_t i = 0; i < keys.dimensions.size(); ++i) columns.push_back(fmt::format("d{}", i));
  if (periods_.compared) columns.emplace_back("p");
  const std::string group_by = columns.empty() ? "" : fmt::format(" GROUP BY {}", fmt::join(columns, ", "));
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Leaf& leaf = leaves_[i];
    const bool counts_rows = leaf.value.empty() && leaf.where.empty();
    const std::string column = counts_rows ? std::string() : fmt::format("x{}", i);
    const std::string sql = leaf.function == "approx_quantile"
                                ? fmt::format("approx_quantile({}, {})", column, leaf.probability)
                                : measure_sql({leaf.function, column, leaf.probability, {}}, leaf.type, kPlainNames);
    columns.push_back(fmt::format("{} AS l{}", sql, i));
  }
  const std::string rest =
      keys.only_rest ? fmt::format(" WHERE NOT EXISTS (SELECT 1 FROM {} WHERE v IS NOT DISTINCT FROM r)", kTopTable)
                     : std::string();
  statement.sql = fmt::format("SELECT {} FROM ({}) AS s{}{}", fmt::join(columns, ", "), rows, rest, group_by);
  return statement;
}

bool MetricsPlan::can_merge() const {
  return std::ranges::all_of(leaves_, [](const Leaf& leaf) {
    return leaf.function == "count" || leaf.function == "sum" || leaf.function == "min" || leaf.function == "max";
  });
}

Result<SqlStatement> MetricsPlan::leaf_rows_sql(const GroupKeys& keys) const {
  SqlStatement statement;
  CANVASBACK_ASSIGN(statement.sql, scan_sql(keys, nullptr, 0, statement));
  return statement;
}

std::vector<MetricsPlan::LeafShape> MetricsPlan::leaf_shapes() const {
  std::vector<LeafShape> out;
  for (const auto& [function, value, type, probability, where] : leaves_) {
    const bool is_bound = function == "min" || function == "max";
    const bool adds = function == "count" || function == "sum";
    out.push_back({is_bound ? function
                   : adds   ? "sum"
                            : "",
                   function == "count" ? "BIGINT"
                   : is_bound          ? type
                                       : sum_type(type)});
  }
  return out;
}

std::vector<std::string> MetricsPlan::leaf_texts() const {
  std::vector<std::string> out;
  for (const Leaf& leaf : leaves_) {
    out.push_back(fmt::format("{}\n{}\n{}\n{}\n{}", leaf.function, leaf.value, leaf.type, leaf.probability,
                              to_json(leaf.where).dump()));
  }
  return out;
}

std::string MetricsPlan::merged_groups_sql(const MergedGroups& wanted) const {
  std::vector<std::string> inner;
  std::vector<std::string> keys;
  std::vector<std::string> columns;
  if (wanted.grain != Grain::None) {
    const bool same = wanted.grain == wanted.from;
    inner.push_back(same ? "t" : fmt::format("CAST(date_trunc('{}', t) AS DATE) AS t", name_of(wanted.grain)));
    keys.emplace_back("s.t");
    columns.emplace_back("s.t AS t");
  }
  for (std::size_t i = 0; i < wanted.dimensions.size(); ++i) {
    inner.push_back(fmt::format("d{} AS k{}", wanted.dimensions[i], i));
    keys.push_back(fmt::format("k{}", i));
    columns.push_back(fmt::format("k{0} AS d{0}", i));
  }
  if (wanted.has_period) {
    inner.emplace_back("p");
    keys.emplace_back("p");
    columns.emplace_back("p");
  }
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    inner.push_back(fmt::format("l{0} AS a{0}", i));
    columns.push_back(fmt::format("{} AS l{}", merged(i, 'a'), i));
  }
  if (!wanted.measure.empty()) columns.push_back(value_sql(part_of(wanted.measure), 'a') + " AS m");
  std::string out = fmt::format("SELECT {} FROM (SELECT {} FROM {}) AS s", fmt::join(columns, ", "),
                                fmt::join(inner, ", "), wanted.groups);
  if (!keys.empty()) out += fmt::format(" GROUP BY {}", fmt::join(keys, ", "));
  return out;
}

std::string MetricsPlan::merged(std::size_t leaf, char side) const {
  const std::string& function = leaves_[leaf].function;
  const std::string column = fmt::format("{}{}", side, leaf);
  if (function == "count") return fmt::format("CAST(COALESCE(sum({}), 0) AS BIGINT)", column);
  if (function == "sum") return measure_sql({"sum", column, 0.5, {}}, sum_type(leaves_[leaf].type), kPlainNames);
  if (function == "min") return fmt::format("min({})", column);
  // Of what cannot be merged there is one.
  if (function == "count_distinct" || function == "approx_distinct") {
    return fmt::format("CAST(COALESCE(max({}), 0) AS BIGINT)", column);
  }
  return fmt::format("max({})", column);
}

std::string MetricsPlan::value_sql(const Part& part, char side) const {
  const Metric& metric = *part.metric;
  if (metric.kind == MetricKind::Ratio) {
    return fmt::format("(CAST({} AS DOUBLE) / nullif(CAST({} AS DOUBLE), 0))",
                       value_sql(part_of(metric.numerator), side), value_sql(part_of(metric.denominator), side));
  }
  const std::string value = merged(part.leaves.front(), side);
  if (metric.kind == MetricKind::Average) {
    return fmt::format("(CAST({} AS DOUBLE) / nullif({}, 0))", value, merged(part.leaves[1], side));
  }
  const bool of_values =
      metric.kind == MetricKind::Sum || metric.kind == MetricKind::Min || metric.kind == MetricKind::Max;
  if (metric.scale && of_values && is_number_type(leaves_[part.leaves.front()].type)) {
    return fmt::format("CAST({} AS DECIMAL(38,{}))", value, *metric.scale);
  }
  return value;
}

// The groups with the leaves of the wanted period as a0 …, of the compared one as b0 ….
std::string MetricsPlan::source_of(const TileShape& shape) const {
  std::vector<std::string> columns;
  if (shape.grain != Grain::None) columns.emplace_back("t");
  for (std::size_t i = 0; i < shape.dimensions; ++i) columns.push_back(fmt::format("d{}", i));
  if (shape.of == TileShape::Of::Top) columns.emplace_back("rank");
  if (shape.compared_columns) columns.emplace_back("p");
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (shape.compared_columns) {
      columns.push_back(fmt::format("CASE WHEN p = 0 THEN l{0} END AS a{0}, CASE WHEN p = 1 THEN l{0} END AS b{0}", i));
    } else {
      columns.push_back(fmt::format("l{0} AS a{0}", i));
    }
  }
  std::string out = fmt::format("SELECT {} FROM {}", fmt::join(columns, ", "), shape.groups);
  std::vector<std::string> conditions;
  if (shape.of == TileShape::Of::Top) out += fmt::format(" JOIN {} ON d0 IS NOT DISTINCT FROM v", kTopTable);
  if (shape.of == TileShape::Of::Rest) {
    conditions.push_back(fmt::format("NOT EXISTS (SELECT 1 FROM {} WHERE v IS NOT DISTINCT FROM d0)", kTopTable));
  }
  if (!shape.compared_columns && periods_.compared) conditions.push_back(fmt::format("p = {}", shape.period));
  if (shape.searched && !query_.search.empty()) {
    conditions.push_back(fmt::format("contains(lower(nfc_normalize(CAST(d0 AS VARCHAR))), lower(nfc_normalize({})))",
                                     sql_literal(query_.search)));
  }
  if (!conditions.empty()) out += fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
  return out;
}

std::string MetricsPlan::tile_sql(const TileShape& shape) const {
  std::vector<std::string> columns;
  std::vector<std::string> keys;
  if (shape.grain != Grain::None) {
    columns.emplace_back(shape.grain == Grain::Hour ? "strftime(t, '%Y-%m-%dT%H:%M:%SZ') AS t" : "t");
    keys.emplace_back("s.t");
  }
  for (std::size_t i = 0; i < shape.dimensions; ++i) {
    columns.push_back(fmt::format("d{}", i));
    keys.push_back(columns.back());
  }
  if (shape.of == TileShape::Of::Top) keys.emplace_back("rank");
  for (std::size_t i = 0; i < query_.measures.size(); ++i) {
    columns.push_back(fmt::format("{} AS m{}", value_sql(part_of(query_.measures[i]), 'a'), i));
  }
  for (std::size_t i = 0; shape.compared_columns && i < query_.measures.size(); ++i) {
    columns.push_back(fmt::format("{} AS c{}", value_sql(part_of(query_.measures[i]), 'b'), i));
  }
  std::string out = fmt::format("SELECT {} FROM ({}) AS s", fmt::join(columns, ", "), source_of(shape));
  if (!keys.empty()) out += fmt::format(" GROUP BY {}", fmt::join(keys, ", "));
  // A group that only the compared period has is none of the tile's.
  if (!keys.empty() && shape.compared_columns) out += " HAVING count(*) FILTER (WHERE p = 0) > 0";
  if (shape.ordered) out += order_sql(shape);
  if (shape.limit) out += fmt::format(" LIMIT {}", *shape.limit);
  if (shape.offset > 0) out += fmt::format(" OFFSET {}", shape.offset);
  return out;
}

std::string MetricsPlan::order_sql(const TileShape& shape) const {
  std::vector<std::string> order;
  if (shape.grain != Grain::None) order.emplace_back("s.t");
  if (shape.of == TileShape::Of::Top) {
    order.emplace_back("rank");
  } else if (shape.grain == Grain::None && shape.dimensions > 0) {
    order.push_back(rank_order());
  }
  for (std::size_t i = 0; i < shape.dimensions; ++i) order.push_back(fmt::format("d{} ASC NULLS LAST", i));
  return order.empty() ? "" : fmt::format(" ORDER BY {}", fmt::join(order, ", "));
}

// What rows are in the order of: a measure or a dimension.
std::string MetricsPlan::rank_order() const {
  const std::string_view way = query_.descending ? "DESC" : "ASC";
  for (std::size_t i = 0; i < query_.measures.size(); ++i) {
    if (query_.measures[i] == query_.sort) return fmt::format("m{} {} NULLS LAST", i, way);
  }
  for (std::size_t i = 0; i < query_.dimensions.size(); ++i) {
    if (query_.dimensions[i] == query_.sort) return fmt::format("d{} {} NULLS LAST", i, way);
  }
  // Hours, months and bins have an order of their own.
  const bool in_order = std::ranges::all_of(query_.dimensions, [&](const std::string& name) {
    const MetricDimension& dimension = *model_->find_dimension(name);
    return !is_plain(dimension) && dimension.expression.empty();
  });
  return in_order ? "d0 ASC NULLS LAST" : "m0 DESC NULLS LAST";
}

std::string MetricsPlan::top_sql(const std::string& groups) const {
  TileShape shape;
  shape.groups = groups;
  shape.dimensions = 1;
  const std::string ranked = rank_order();
  return fmt::format(
      "SELECT d0 AS v, row_number() OVER (ORDER BY {0}, d0 ASC NULLS LAST) AS rank FROM ({1}) "
      "QUALIFY rank <= {2}",
      ranked, tile_sql(shape), query_.limit);
}

std::string MetricsPlan::count_sql(const TileShape& shape) const {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < shape.dimensions; ++i) keys.push_back(fmt::format("d{}", i));
  return fmt::format("SELECT count(*) FROM (SELECT DISTINCT {} FROM ({}))", fmt::join(keys, ", "), source_of(shape));
}

MetricsPlan::Exactness MetricsPlan::exactness(std::size_t measure) const {
  const auto of_part = [&](const Part& part) {
    Exactness out;
    if (part.metric->approximate) {
      out.exact = false;
      if (part.metric->kind == MetricKind::Distinct) out.error = kHyperLogLogError;
    }
    const bool adds = part.metric->kind == MetricKind::Sum || part.metric->kind == MetricKind::Average;
    for (std::size_t leaf : part.leaves) {
      if (adds && sum_type(leaves_[leaf].type) == "DOUBLE") out.exact = false;
    }
    return out;
  };
  const Part& part = part_of(query_.measures[measure]);
  Exactness out = of_part(part);
  if (part.metric->kind != MetricKind::Ratio) return out;
  for (const std::string& name : {part.metric->numerator, part.metric->denominator}) {
    const Exactness one = of_part(part_of(name));
    out.exact = out.exact && one.exact;
    out.error += one.error;
  }
  return out;
}

}  // namespace canvasback
