#include "worker/roles/query/metrics_task.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "encode/registry.hpp"
#include "record/type_name.hpp"
#include "sql/metrics_sql.hpp"
#include "worker/roles/query/metrics_source.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kPointsMax = 150;  // of a line whose grain is ours to choose
constexpr std::int64_t kSparkPointsMax = 400;
constexpr const char* kGroupsTable = "metrics_groups";
constexpr const char* kOtherTable = "metrics_other";  // groups by fewer keys
constexpr const char* kRowsTable = "metrics_rows";    // what all queries read
// So many rows are kept for the queries of one request, in some 100 MB of the engine's memory: reading them again costs
// a third of reading Parquet, and filters leave few of them.
constexpr std::int64_t kSharedRowsMax = 2'000'000;
constexpr std::size_t kSharedFrom = 3;  // queries

struct RowsText {
  std::string rows;  // a JSON array of arrays
  std::int64_t count = 0;
  SchemaPtr schema;
};

Status make_temporary(TaskContext& context, std::string_view name, SqlStatement statement) {
  statement.sql = fmt::format("CREATE OR REPLACE TEMP TABLE {} AS {}", name, statement.sql);
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) return context.cancel.check();
  }
}

// Conditions that all queries have.
std::vector<MetricCondition> common_conditions(const std::vector<MetricsQuery>& queries) {
  std::vector<MetricCondition> out;
  for (const MetricCondition& condition : queries.front().where) {
    const std::string text = to_json(std::vector{condition}).dump();
    const auto is_it = [&](const MetricCondition& other) { return to_json(std::vector{other}).dump() == text; };
    const auto has_it = [&](const MetricsQuery& query) { return std::ranges::any_of(query.where, is_it); };
    if (std::ranges::all_of(queries, has_it)) out.push_back(condition);
  }
  return out;
}

// The grain of a query's rows over time, and of its small line.
Grain grain_of(const OpenMetrics& open, const MetricsModel& model, const MetricsQuery& query) {
  return query.grain_fits ? grain_for(open.days(), model.grain, kPointsMax) : query.grain;
}

Grain spark_grain_of(const OpenMetrics& open, const MetricsQuery& query) {
  return std::max(query.spark, grain_for(open.days(), query.spark, kSparkPointsMax));
}

// Those that read rows of the source: there are no groups made before that have what it takes.
std::vector<MetricsQuery> queries_of_rows(const MetricsWork& work, const OpenMetrics& open) {
  if (open.made.empty()) return work.queries;
  std::vector<MetricsQuery> out;
  for (const MetricsQuery& query : work.queries) {
    const auto plan = MetricsPlan::make(work.model, open.source, query, open.periods(query.compare));
    const bool of_groups =
        plan && open.has_groups(*plan, {grain_of(open, work.model, query), query.dimensions, false}) &&
        (query.spark == Grain::None || open.has_groups(*plan, {spark_grain_of(open, query), {}, false}));
    if (!of_groups) out.push_back(query);
  }
  return out;
}

// The rows that the queries of a request have in common become a table that each of them reads instead of the source,
// where they are not too many.
Status share_rows(TaskContext& context, const MetricsWork& work, OpenMetrics& open) {
  const std::vector<MetricsQuery> queries = queries_of_rows(work, open);
  if (queries.size() < kSharedFrom) return {};
  std::vector<DayRange> days;
  const auto add = [&](const std::optional<DayRange>& range) {
    if (range && std::ranges::find(days, *range) == days.end()) days.push_back(*range);
  };
  for (const MetricsQuery& query : queries) {
    const MetricsPeriods periods = open.periods(query.compare);
    add(periods.period);
    add(periods.compared);
  }
  MetricsQuery common;
  common.where = common_conditions(queries);
  const std::vector<std::string> columns = source_columns(work.model, queries);
  if (columns.empty()) return {};
  auto plan = MetricsPlan::make(work.model, open.source, common, {});
  if (!plan) return {};  // what is wrong is told by the queries
  auto statement = plan->rows_sql(columns, days, kSharedRowsMax + 1);
  if (!statement) return {};
  // What is wrong with a column is told by the queries that need it.
  if (!make_temporary(context, kRowsTable, std::move(*statement))) return context.cancel.check();
  CANVASBACK_ASSIGN(
      const std::int64_t rows,
      context.engine.single_number(fmt::format("SELECT count(*) FROM {}", kRowsTable), {}, context.cancel));
  if (rows <= kSharedRowsMax) {
    open.source.relation = kRowsTable;
    return {};
  }
  SqlStatement drop;
  drop.sql = fmt::format("DROP TABLE {}", kRowsTable);
  CANVASBACK_ASSIGN(auto dropped, context.engine.execute(std::move(drop), context.cancel));
  CANVASBACK_TRY(dropped->next());
  return {};
}

// The answer to one query.
class QueryRun {
 public:
  QueryRun(TaskContext& context, const MetricsModel& model, const OpenMetrics& metrics, const MetricsQuery& query)
      : context_(context), model_(model), metrics_(metrics), query_(query), grain_(grain_of(metrics, model, query)) {}

  Result<std::string> run() {
    const MetricsPeriods periods = metrics_.periods(query_.compare);
    compares_ = periods.compared.has_value();
    CANVASBACK_ASSIGN(plan_, plan_of(query_, periods));
    line_.begin_object();
    if (grain_ != Grain::None) line_.member("grain", name_of(grain_));
    if (metrics_.has_groups(*plan_, {grain_, query_.dimensions, false})) line_.member("rollup", true);
    const bool charts = grain_ != Grain::None;
    CANVASBACK_TRY(charts ? run_chart() : run_table());
    if (query_.spark != Grain::None) CANVASBACK_TRY(run_spark());
    if (!query_.unused_filters.empty()) {
      line_.key("unused_filters").begin_array();
      for (const std::string& name : query_.unused_filters) line_.value(name);
      line_.end_array();
    }
    line_.end_object();
    return line_.take();
  }

 private:
  Result<std::optional<MetricsPlan>> plan_of(const MetricsQuery& query, const MetricsPeriods& periods) const {
    CANVASBACK_ASSIGN(MetricsPlan plan, MetricsPlan::make(model_, metrics_.source, query, periods));
    return std::optional<MetricsPlan>(std::move(plan));
  }

  Result<RowsText> rows_of(const std::string& sql) {
    SqlStatement statement;
    statement.sql = sql;
    CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
    StringSink sink;
    EncodeOptions options;
    options.numbers_exact = context_.task.output.numbers_exact;
    CANVASBACK_ASSIGN(auto encoder, make_encoder("json", sink, options));
    RowsText out;
    out.schema = stream->schema();
    Status status = encoder->begin(out.schema);
    while (status) {
      auto batch = stream->next();
      if (!batch) status = std::unexpected(batch.error());
      if (!batch || !*batch) break;
      out.count += (*batch)->num_rows();
      status = encoder->write(std::move(*batch));
    }
    if (!status) {
      encoder->abandon();
      return std::unexpected(status.error());
    }
    CANVASBACK_TRY(encoder->finish());
    // {"columns":[…],"rows":[…]}: names of columns are ours and have no quotes.
    constexpr std::string_view kRows = ",\"rows\":";
    const std::string& text = sink.bytes();
    const std::size_t at = text.find(kRows) + kRows.size();
    out.rows = text.substr(at, text.size() - at - 1);
    return out;
  }

  Status make_table(std::string_view name, SqlStatement statement) {
    return make_temporary(context_, name, std::move(statement));
  }

  Status make_groups(const MetricsPlan& plan, std::string_view name, const GroupKeys& keys) {
    CANVASBACK_ASSIGN(SqlStatement statement, metrics_.groups_sql(plan, keys));
    return make_table(name, std::move(statement));
  }

  // Groups by fewer keys than the first table has: that one where they can be merged, else made anew.
  Result<std::string> groups_by(const GroupKeys& keys) {
    if (plan_->can_merge() && !keys.only_rest) return std::string(kGroupsTable);
    CANVASBACK_TRY(make_groups(*plan_, kOtherTable, keys));
    return std::string(kOtherTable);
  }

  void write_columns(const arrow::Schema& schema, bool compared) {
    line_.key("columns").begin_array();
    int at = 0;
    const auto write = [&](std::string_view name, std::string_view role, const MetricsPlan::Exactness& exactness) {
      line_.begin_object().member("name", name).member("role", role);
      const bool is_hour = role == "time" && grain_ == Grain::Hour;
      line_.member("type", is_hour ? std::string("TIMESTAMP WITH TIME ZONE") : sql_type_name(*schema.field(at)));
      line_.member("exact", exactness.exact);
      if (exactness.error > 0) line_.member("error", exactness.error);
      line_.end_object();
      ++at;
    };
    if (grain_ != Grain::None) write("time", "time", {});
    for (const std::string& name : query_.dimensions) write(name, "dimension", {});
    for (std::size_t i = 0; i < query_.measures.size(); ++i) write(query_.measures[i], "measure", plan_->exactness(i));
    for (std::size_t i = 0; compared && i < query_.measures.size(); ++i) {
      write(query_.measures[i], "compare", plan_->exactness(i));
    }
    line_.end_array();
  }

  Status check_count(const RowsText& rows) const {
    if (rows.count <= limits::kDashboardGroupsMax) return {};
    return fail(ErrorCode::PayloadTooLarge,
                fmt::format("The tile has more than {} rows: choose a longer grain, a shorter period or a limit.",
                            limits::kDashboardGroupsMax));
  }

  // Rows over time; by one dimension, whose top values have rows of their own.
  Status run_chart() {
    const GroupKeys all{grain_, query_.dimensions, false};
    CANVASBACK_TRY(make_groups(*plan_, kGroupsTable, all));
    TileShape shape;
    shape.groups = kGroupsTable;
    shape.grain = grain_;
    shape.dimensions = query_.dimensions.size();
    shape.ordered = true;
    shape.limit = limits::kDashboardGroupsMax + 1;
    if (!query_.dimensions.empty()) {
      CANVASBACK_ASSIGN(const std::string ranked, groups_by({Grain::None, query_.dimensions, false}));
      SqlStatement top;
      top.sql = plan_->top_sql(ranked);
      CANVASBACK_TRY(make_table(kTopTable, std::move(top)));
      shape.of = TileShape::Of::Top;
    }
    CANVASBACK_ASSIGN(const RowsText rows, rows_of(plan_->tile_sql(shape)));
    CANVASBACK_TRY(check_count(rows));
    write_columns(*rows.schema, false);
    line_.key("rows").raw(rows.rows);
    if (compares_) {
      shape.period = 1;
      CANVASBACK_ASSIGN(const RowsText before, rows_of(plan_->tile_sql(shape)));
      line_.key("compare").raw(before.rows);
    }
    if (query_.dimensions.empty() || !query_.has_rest) return {};
    return write_rest(true);
  }

  // Of what is beyond the top values; in the dimension's place is null.
  Status write_rest(bool over_time) {
    TileShape shape;
    shape.grain = over_time ? grain_ : Grain::None;
    shape.compared_columns = !over_time && compares_;
    shape.ordered = true;
    if (plan_->can_merge()) {
      shape.groups = kGroupsTable;
      shape.of = TileShape::Of::Rest;
    } else {
      CANVASBACK_ASSIGN(shape.groups, groups_by({shape.grain, {}, true}));
    }
    const std::string sql = plan_->tile_sql(shape);
    std::string columns = over_time ? "t, NULL, " : "NULL, ";
    columns += over_time ? "COLUMNS(* EXCLUDE (t))" : "*";
    const std::string order = over_time ? " ORDER BY t" : "";
    // Without any such group there is no row, nor one of nothing.
    const std::string some = over_time ? "" : fmt::format(" WHERE {}", has_rest_sql());
    CANVASBACK_ASSIGN(const RowsText rest, rows_of(fmt::format("SELECT {} FROM ({}){}{}", columns, sql, some, order)));
    line_.key("other").raw(rest.rows);
    return {};
  }

  std::string has_rest_sql() const {
    const std::string_view now = compares_ ? "p = 0 AND " : "";
    return fmt::format(
        "EXISTS (SELECT 1 FROM {} WHERE {}NOT EXISTS (SELECT 1 FROM {} WHERE v IS NOT DISTINCT FROM d0))", kGroupsTable,
        now, kTopTable);
  }

  // Rows without time.
  Status run_table() {
    CANVASBACK_TRY(make_groups(*plan_, kGroupsTable, {Grain::None, query_.dimensions, false}));
    TileShape shape;
    shape.groups = kGroupsTable;
    shape.dimensions = query_.dimensions.size();
    shape.compared_columns = compares_;
    shape.searched = true;
    shape.ordered = true;
    shape.limit = std::min(query_.limit, limits::kDashboardGroupsMax);
    if (query_.dimensions.empty()) shape.limit.reset();
    shape.offset = query_.offset;
    CANVASBACK_ASSIGN(const RowsText rows, rows_of(plan_->tile_sql(shape)));
    write_columns(*rows.schema, compares_);
    line_.key("rows").raw(rows.rows);
    if (query_.dimensions.empty()) return {};
    shape.compared_columns = false;
    CANVASBACK_ASSIGN(const RowsText groups, rows_of(plan_->count_sql(shape)));
    line_.key("groups").raw(std::string_view(groups.rows).substr(2, groups.rows.size() - 4));
    if (query_.has_rest && query_.dimensions.size() == 1) {
      SqlStatement top;
      top.sql = plan_->top_sql(kGroupsTable);
      CANVASBACK_TRY(make_table(kTopTable, std::move(top)));
      CANVASBACK_TRY(write_rest(false));
    }
    if (!query_.has_total) return {};
    TileShape whole;
    whole.compared_columns = compares_;
    CANVASBACK_ASSIGN(whole.groups, groups_by({}));
    CANVASBACK_ASSIGN(const RowsText total, rows_of(plan_->tile_sql(whole)));
    line_.key("total").raw(std::string_view(total.rows).substr(1, total.rows.size() - 2));
    return {};
  }

  // The measure over time, in the period alone.
  Status run_spark() {
    MetricsQuery query = query_;
    query.compare = Comparison::None;
    query.dimensions.clear();
    const Grain grain = spark_grain_of(metrics_, query_);
    CANVASBACK_ASSIGN(const auto plan, plan_of(query, metrics_.periods(Comparison::None)));
    CANVASBACK_TRY(make_groups(*plan, kOtherTable, {grain, {}, false}));
    TileShape shape;
    shape.groups = kOtherTable;
    shape.grain = grain;
    shape.ordered = true;
    CANVASBACK_ASSIGN(const RowsText rows, rows_of(plan->tile_sql(shape)));
    line_.key("spark").begin_object().member("grain", name_of(grain));
    line_.key("rows").raw(rows.rows).end_object();
    return {};
  }

  TaskContext& context_;
  const MetricsModel& model_;
  const OpenMetrics& metrics_;
  const MetricsQuery& query_;
  Grain grain_;
  bool compares_ = false;
  std::optional<MetricsPlan> plan_;
  JsonWriter line_;
};

std::string head_line(const MetricsWork& work, const OpenMetrics& metrics) {
  const std::optional<DayRange> compared = metrics.periods(work.compare).compared;
  JsonWriter out;
  out.begin_object().member("name", work.model.name);
  out.member("dataset", work.model.source.empty() ? Json() : Json(work.model.source));
  out.member("timezone", metrics.source.clock.zone);
  out.member("newest", metrics.newest_us ? Json(iso_time(*metrics.newest_us)) : Json());
  out.member("period", metrics.period ? to_json(*metrics.period) : Json());
  out.member("compare", compared ? to_json(*compared) : Json());
  out.end_object();
  return out.take();
}

// Of a request without queries, for checks: the columns that the source has.
std::string columns_line(const OpenMetrics& metrics) {
  JsonWriter out;
  out.begin_array();
  for (const DatasetColumn& column : metrics.source.shape.columns) {
    out.begin_object().member("name", column.name).member("type", column.type).end_object();
  }
  out.end_array();
  return out.take();
}

}  // namespace

namespace {

Status answer_queries(TaskContext& context, const MetricsWork& work) {
  CANVASBACK_ASSIGN(OpenMetrics open, open_metrics(context, work));
  const auto write = [&](std::string line) -> Status {
    line += '\n';
    ++context.metrics.rows;
    return context.sink.write(line);
  };
  CANVASBACK_TRY(write(head_line(work, open)));
  if (work.queries.empty()) CANVASBACK_TRY(write(columns_line(open)));
  CANVASBACK_TRY(share_rows(context, work, open));
  for (const MetricsQuery& query : work.queries) {
    auto line = QueryRun(context, work.model, open, query).run();
    CANVASBACK_TRY(context.cancel.check());
    if (!line) {
      // Files that were replaced meanwhile, and memory, are told of the whole: it is tried again.
      const ErrorCode code = line.error().code;
      if (code == ErrorCode::Unavailable || code == ErrorCode::MemoryLimit) return std::unexpected(line.error());
      Json failed;
      failed.set("error", to_json(line.error()));
      line = failed.dump();
    }
    CANVASBACK_TRY(write(std::move(*line)));
  }
  return {};
}

}  // namespace

Status run_metrics(TaskContext& context, const MetricsWork& work) {
  context.metrics.method = "duckdb";
  Stopwatch watch;
  Status status = answer_queries(context, work);
  // A worker holds nothing between tasks.
  SqlStatement drop;
  for (const char* table : {kGroupsTable, kOtherTable, kTopTable, kRowsTable}) {
    drop.sql = fmt::format("DROP TABLE IF EXISTS {}", table);
    auto dropped = context.engine.execute(drop, CancelToken());
    if (status && !dropped) status = std::unexpected(dropped.error());
    if (dropped) static_cast<void>((*dropped)->next());
  }
  context.metrics.engine_ms += watch.elapsed_ms();
  return status ? context.sink.finish() : status;
}

}  // namespace canvasback
