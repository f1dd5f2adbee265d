#include "worker/roles/query/metrics_source.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "record/column_type.hpp"
#include "record/type_name.hpp"
#include "sql/column_names.hpp"
#include "worker/roles/query/statement_stream.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDayUs = 86'400 * kSecondUs;
constexpr std::int64_t kSpanMaxUs = 300 * 366 * kDayUs;  // of rows; the engine converts beyond it
// Steps are searched for by the day, then within these; the last is finer than any that a zone has.
constexpr std::int64_t kSearchSteps[] = {6 * 3600 * kSecondUs, 600 * kSecondUs, 10 * kSecondUs, kSecondUs};

std::int64_t floor_days(std::int64_t us) { return us >= 0 ? us / kDayUs : -((-us + kDayUs - 1) / kDayUs); }

// One SELECT without what may stand behind it.
std::string inner_select(std::string_view sql) {
  while (!sql.empty() && (sql.back() == ';' || std::isspace(static_cast<unsigned char>(sql.back())))) {
    sql.remove_suffix(1);
  }
  return std::string(sql);
}

// Integers of a statement's first columns, all rows; nothing where there is none.
using IntegerRow = std::vector<std::optional<std::int64_t>>;
Result<std::vector<IntegerRow>> integers(TaskContext& context, SqlStatement statement) {
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  std::vector<IntegerRow> out;
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) return out;
    for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
      IntegerRow values;
      for (const auto& column : batch->columns()) {
        const auto& array = static_cast<const arrow::Int64Array&>(*column);
        values.push_back(array.IsNull(row) ? std::nullopt : std::optional(array.Value(row)));
      }
      out.push_back(std::move(values));
    }
  }
}

Result<std::vector<DatasetColumn>> described(TaskContext& context, const std::string& relation) {
  SqlStatement statement;
  statement.sql = fmt::format("SELECT * FROM {} LIMIT 0", relation);
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  std::vector<DatasetColumn> out;
  for (const auto& field : stream->schema()->fields())
    out.push_back({field->name(), sql_type_name(*field), {}, {}, {}});
  return out;
}

Result<MetricsSource> open_source(TaskContext& context, const MetricsModel& model) {
  MetricsSource out;
  const std::vector<MetricsExpression> expressions = expressions_of(model);
  if (model.sql.empty()) {
    CANVASBACK_ASSIGN(const Dataset* dataset, context.datasets.find(model.source));
    out.shape.name = dataset->name;
    out.shape.columns = dataset->columns;
    if (expressions.empty()) {
      CANVASBACK_TRY(context.files.check(*dataset, context.cancel));
      CANVASBACK_TRY(context.engine.define(*dataset));
      out.relation = relation_sql(*dataset);
      return out;
    }
    out.relation = sql_identifier(dataset->name);
  } else {
    const std::string select = inner_select(model.sql);
    CANVASBACK_TRY(admit_statement(context, select));
    out.shape.name = "the statement";
    out.relation = fmt::format("({}\n)", select);
  }
  if (!expressions.empty()) {
    out.relation = relation_with(out.relation, expressions);
    CANVASBACK_TRY(admit_statement(context, fmt::format("SELECT * FROM {}", out.relation)));
  }
  CANVASBACK_ASSIGN(out.shape.columns, described(context, out.relation));
  return out;
}

// The columns of dates and times that days, weeks and parts are made of.
std::vector<const DatasetColumn*> time_columns(const MetricsModel& model, const Dataset& shape) {
  std::set<std::string> names{model.time};
  for (const MetricDimension& dimension : model.dimensions) {
    if (!dimension.part.empty() || dimension.grain != Grain::None) names.insert(dimension.column);
  }
  std::vector<const DatasetColumn*> out;
  for (const std::string& name : names) {
    const DatasetColumn* column = shape.find_column(name);
    if (column != nullptr && is_date_type(column->type)) out.push_back(column);
  }
  return out;
}

// The earliest and the latest instant of a column: of the footers where they have it, else of the rows.
Result<IntegerRow> bounds_of(TaskContext& context, const MetricsSource& source, const DatasetColumn& column) {
  MetricsClock utc = source.clock;
  utc.zone = "UTC";
  const auto instants = [&] {
    return fmt::format("SELECT {}, {} FROM ", instant_us_sql(utc, {"low", column.type}),
                       instant_us_sql(utc, {"high", column.type}));
  };
  SqlStatement statement;
  if (column.min && column.max && std::isdigit(static_cast<unsigned char>(column.max->front()))) {
    statement.sql = fmt::format("{}(SELECT CAST({} AS {}) AS low, CAST({} AS {}) AS high)", instants(),
                                sql_literal(*column.min), column.type, sql_literal(*column.max), column.type);
    if (auto rows = integers(context, statement)) return rows->at(0);
  }
  const std::string name = ColumnNames(source.shape).sql(column.name);
  statement.sql = fmt::format("{0}(SELECT min({1}) AS low, max({1}) AS high FROM {2} WHERE isfinite({1}))", instants(),
                              name, source.relation);
  CANVASBACK_ASSIGN(auto rows, integers(context, std::move(statement)));
  return rows.at(0);
}

// The offsets of the zone between two instants.
Status find_steps(TaskContext& context, MetricsClock& clock, std::int64_t low_us, std::int64_t high_us) {
  low_us = (floor_days(low_us) - 3) * kDayUs;
  high_us = (floor_days(high_us) + 4) * kDayUs;
  if (high_us - low_us > kSpanMaxUs) return {};
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges{{low_us, high_us}};
  std::vector<ZoneStep> steps;
  for (std::int64_t step_us : kSearchSteps) {
    SqlStatement statement;
    statement.sql = zone_offsets_sql(clock.zone, ranges, step_us);
    CANVASBACK_ASSIGN(const auto rows, integers(context, std::move(statement)));
    ranges.clear();
    std::vector<ZoneStep> found;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const ZoneStep at{rows[i][0].value_or(0), rows[i][1].value_or(0)};
      const bool first = i == 0 && steps.empty();
      if (first || (i > 0 && at.offset_us != rows[i - 1][1].value_or(0))) found.push_back(at);
      if (i > 0 && at.offset_us != rows[i - 1][1].value_or(0))
        ranges.emplace_back(rows[i - 1][0].value_or(0), at.from_us);
    }
    // The first of all begins where the rows do; the others are found more exactly from round to round.
    if (steps.empty()) {
      steps = std::move(found);
    } else {
      steps.resize(1);
      // Where ranges touch, a row of one follows that of another with the same offset.
      for (const ZoneStep& step : found) {
        if (step.offset_us != steps.back().offset_us) steps.push_back(step);
      }
    }
    if (ranges.empty()) break;
  }
  clock.steps = std::move(steps);
  clock.end_us = high_us;
  return {};
}

Result<std::int64_t> local_day(TaskContext& context, const MetricsClock& clock, std::int64_t us) {
  SqlStatement statement;
  statement.sql = fmt::format("SELECT epoch_us(timezone({}, CAST(make_timestamp({}) AS TIMESTAMPTZ)))",
                              sql_literal(clock.zone), us);
  CANVASBACK_ASSIGN(const auto rows, integers(context, std::move(statement)));
  return floor_days(rows.at(0).at(0).value_or(0));
}

Status check_zone(TaskContext& context, const std::string& zone) {
  if (is_utc(zone)) return {};
  SqlStatement statement;
  statement.sql =
      fmt::format("SELECT epoch_us(timezone({}, CAST(make_timestamp(0) AS TIMESTAMPTZ)))", sql_literal(zone));
  if (integers(context, std::move(statement))) return {};
  return fail(ErrorCode::InvalidData,
              fmt::format("There is no time zone \"{}\"; an example is Europe/Berlin.", zone.substr(0, 64)));
}

// One that is not there any more is gone without: the numbers are the same.
Status open_rollups(TaskContext& context, const MetricsWork& work, OpenMetrics& open) {
  for (const LiveRollup& rollup : work.rollups) {
    const Dataset& groups = rollup.groups;
    MetricsQuery query;
    query.measures = rollup.measures;
    const auto plan = MetricsPlan::make(work.model, open.source, std::move(query), {});
    if (!plan) continue;
    if (!context.files.check(groups, context.cancel)) {
      CANVASBACK_TRY(context.cancel.check());
      continue;
    }
    DailyGroups made{relation_sql(groups), rollup.dimensions, {}, plan->leaf_texts()};
    for (std::size_t i = 0; i < rollup.dimensions.size(); ++i) {
      const DatasetColumn* column = groups.find_column(fmt::format("d{}", i));
      made.types.push_back(column == nullptr ? std::string() : column->type);
    }
    open.made.push_back(std::move(made));
  }
  return {};
}

}  // namespace

MetricsPeriods OpenMetrics::periods(Comparison comparison) const {
  MetricsPeriods out;
  out.period = period;
  if (period) out.compared = compared_days(wish, *period, comparison);
  return out;
}

std::int64_t OpenMetrics::days() const {
  if (period && period->from && period->to) return *period->to - *period->from;
  if (!oldest_us || !newest_us) return 1;
  const std::int64_t from = period && period->from ? *period->from : floor_days(*oldest_us);
  const std::int64_t to = period && period->to ? *period->to : floor_days(*newest_us) + 1;
  return std::max<std::int64_t>(1, to - from);
}

Result<SqlStatement> OpenMetrics::groups_sql(const MetricsPlan& plan, const GroupKeys& keys) const {
  for (const DailyGroups& groups : made) {
    CANVASBACK_ASSIGN(auto statement, groups_sql_from(groups, plan, source.clock, keys));
    if (statement) return std::move(*statement);
  }
  return plan.groups_sql(keys);
}

bool OpenMetrics::has_groups(const MetricsPlan& plan, const GroupKeys& keys) const {
  return std::ranges::any_of(made, [&](const DailyGroups& groups) {
    const auto statement = groups_sql_from(groups, plan, source.clock, keys);
    return statement && statement->has_value();
  });
}

Result<OpenMetrics> open_metrics(TaskContext& context, const MetricsWork& work) {
  OpenMetrics out;
  const MetricsModel& model = work.model;
  CANVASBACK_ASSIGN(out.source, open_source(context, model));
  MetricsClock& clock = out.source.clock;
  if (!model.timezone.empty() || !work.timezone.empty()) {
    clock.zone = model.timezone.empty() ? work.timezone : model.timezone;
  }
  clock.source_zone = model.source_timezone;
  clock.first_weekday = weekday_from(model.week_start).value_or(1);
  CANVASBACK_TRY(check_zone(context, clock.zone));
  CANVASBACK_TRY(check_zone(context, clock.source_zone));
  std::int64_t low_us = INT64_MAX;
  std::int64_t high_us = INT64_MIN;
  bool needs = false;
  for (const DatasetColumn* column : time_columns(model, out.source.shape)) {
    CANVASBACK_ASSIGN(const IntegerRow bounds, bounds_of(context, out.source, *column));
    if (!bounds[0] || !bounds[1]) continue;
    low_us = std::min(low_us, *bounds[0]);
    high_us = std::max(high_us, *bounds[1]);
    needs = needs || needs_steps(clock, column->type);
    if (column->name != model.time) continue;
    out.oldest_us = bounds[0];
    out.newest_us = bounds[1];
  }
  if (needs && low_us <= high_us) CANVASBACK_TRY(find_steps(context, clock, low_us, high_us));
  if (model.time.empty()) {
    CANVASBACK_TRY(open_rollups(context, work, out));
    return out;
  }
  const DatasetColumn* time = out.source.shape.find_column(model.time);
  if (time == nullptr || !is_date_type(time->type)) {
    return fail(ErrorCode::InvalidData, fmt::format("The time \"{}\" must be a column of dates or times.", model.time));
  }
  CANVASBACK_ASSIGN(out.wish, period_from_json(work.period));
  const bool of_data = !model.until_now && out.newest_us;
  if (of_data && (time->type == "DATE" || is_utc(clock.zone))) {
    out.last_day = floor_days(*out.newest_us);
  } else {
    CANVASBACK_ASSIGN(out.last_day, local_day(context, clock, of_data ? *out.newest_us : work.now_us));
  }
  out.period = days_of(out.wish, out.last_day, clock.first_weekday);
  CANVASBACK_TRY(open_rollups(context, work, out));
  return out;
}

}  // namespace canvasback
