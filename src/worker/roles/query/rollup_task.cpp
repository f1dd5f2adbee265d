#include "worker/roles/query/rollup_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/clock.hpp"
#include "base/text_list.hpp"
#include "record/type_name.hpp"
#include "sql/rollup_sql.hpp"
#include "worker/roles/query/metrics_source.hpp"
#include "worker/roles/query/rollup_base.hpp"
#include "worker/roles/query/rollup_files.hpp"
#include "worker/roles/query/server_rollups.hpp"

namespace canvasback {
namespace {

using Names = std::vector<std::string>;

// One run of the task.
class RollupRun {
 public:
  RollupRun(TaskContext& context, const RollupWork& work, const OpenMetrics& metrics)
      : context_(context),
        work_(work),
        model_(work.model),
        metrics_(metrics),
        measures_(rollup_measures(work.model, work.needs)),
        tables_(context, work.model, metrics, rollup_leaf_measures(work.model, work.needs)),
        base_(context, work.model, metrics, tables_, rollup_dimensions(work.model, work.needs)) {}

  Status run() {
    CANVASBACK_ASSIGN(plan_, tables_.plan_of(RollupKind::Leaves, {}, base_.all_days()));
    // Sums of floating-point numbers depend on the order of their rows: a source that did not change is to give the
    // same bytes.
    const auto shapes = plan_->leaf_shapes();
    const bool in_order = std::ranges::any_of(shapes, [](const auto& shape) { return shape.type == "DOUBLE"; });
    if (in_order) context_.engine.use_threads(1);
    const Status status = make();
    if (in_order) context_.engine.use_threads(context_.threads);
    return status;
  }

 private:
  struct Made {
    RollupWish wish;
    RollupFiles files;
  };

  Status make() {
    CANVASBACK_TRY(base_.make(*plan_));
    CANVASBACK_TRY(find_span());
    CANVASBACK_TRY(base_.count_exactly());
    CANVASBACK_ASSIGN(std::string head, head_line());
    CANVASBACK_TRY(send(std::move(head)));
    RollupWriter writer(context_, work_, metrics_, tables_, span_);
    std::vector<Made> made;
    const bool has_leaves = !plan_->leaf_shapes().empty();
    for (RollupWish& wish : rollup_plan(model_, work_.needs, base_.values())) {
      if (has_leaves || wish.kind != RollupKind::Leaves) made.push_back({std::move(wish), {}});
    }
    // From the most dimensions down: smaller groups are made of larger ones.
    std::vector<Made*> order;
    for (Made& one : made) order.push_back(&one);
    std::ranges::stable_sort(order, std::greater(), [](const Made* one) { return one->wish.dimensions.size(); });
    for (Made* one : order) {
      CANVASBACK_ASSIGN(one->files, writer.make(one->wish));
      CANVASBACK_TRY(context_.cancel.check());
    }
    std::int64_t left = work_.bytes_max;
    for (Made& one : made) CANVASBACK_TRY(send_files(one, left));
    return {};
  }

  Status find_span() {
    if (!base_.all_days()) return {};
    CANVASBACK_ASSIGN(const auto table, tables_.make(base_.by_day({}), INT32_MAX));
    SqlStatement statement;
    statement.sql = fmt::format(
        "SELECT count(*), coalesce(min(t) - DATE '1970-01-01', 0), coalesce(max(t) - DATE '1970-01-01', 0) FROM {}",
        table->name);
    CANVASBACK_ASSIGN(const std::vector<std::int64_t> bounds, first_integers(context_, std::move(statement)));
    if (bounds.at(0) > 0) span_ = RollupSpan{bounds.at(1), bounds.at(2)};
    return {};
  }

  Result<SchemaPtr> schema_of(SqlStatement statement) {
    statement.sql = fmt::format("SELECT * FROM ({}) AS s LIMIT 0", statement.sql);
    CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
    return stream->schema();
  }

  // The types that the measures of a plan have in answers.
  Result<SchemaPtr> measure_schema(const MetricsPlan& plan) {
    CANVASBACK_ASSIGN(SqlStatement statement, plan.groups_sql({}));
    TileShape shape;
    shape.groups = fmt::format("({})", statement.sql);
    statement.sql = plan.tile_sql(shape);
    return schema_of(std::move(statement));
  }

  Result<Json> describe_dimensions() {
    Json out = Json::Object{};
    const Names& dimensions = base_.dimensions();
    if (dimensions.empty()) return out;
    CANVASBACK_ASSIGN(SqlStatement statement, plan_->leaf_rows_sql({Grain::None, dimensions, false}));
    CANVASBACK_ASSIGN(const SchemaPtr schema, schema_of(std::move(statement)));
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
      Json one;
      one.set("type", sql_type_name(*schema->field(static_cast<int>(i))));
      one.set("values", base_.values().at(dimensions[i]));
      out.set(dimensions[i], std::move(one));
    }
    return out;
  }

  struct Described {
    Json json;
    bool exact = true;
    double error = 0;
  };

  Result<Described> describe_sketch(const Metric& metric) {
    const bool distinct = metric.kind == MetricKind::Distinct;
    const RollupKind kind = distinct ? RollupKind::Distinct : RollupKind::Quantile;
    CANVASBACK_ASSIGN(const MetricsPlan* plan, tables_.plan_of(kind, metric.name, base_.all_days()));
    CANVASBACK_ASSIGN(const SchemaPtr schema, measure_schema(*plan));
    Described out{{}, false, distinct ? kDistinctError : kQuantileError};
    out.json.set("type", sql_type_name(*schema->field(0)));
    out.json.set("exact", false);
    out.json.set("error", out.error);
    out.json.set("make", name_of(kind));
    if (!distinct) out.json.set("q", metric.probability);
    out.json.set("sketch", metric.name);
    return out;
  }

  Described describe_leaf(const Metric& metric, std::size_t at, const arrow::Schema& schema) {
    const MetricsPlan::Exactness exactness = plan_->exactness(at);
    Described out{{}, exactness.exact, exactness.error};
    out.json.set("type", sql_type_name(*schema.field(static_cast<int>(at))));
    out.json.set("exact", exactness.exact);
    const std::vector<std::size_t> leaves = plan_->leaves_of(metric.name);
    if (metric.kind == MetricKind::Average) {
      out.json.set("make", "average");
      out.json.set("sum", static_cast<std::int64_t>(leaves.at(0)));
      out.json.set("count", static_cast<std::int64_t>(leaves.at(1)));
    } else {
      out.json.set("make", "value");
      out.json.set("leaf", static_cast<std::int64_t>(leaves.at(0)));
    }
    return out;
  }

  Result<Json> describe_measures() {
    std::map<std::string, Described> described;
    const Names& leaves = plan_->query().measures;
    SchemaPtr schema;
    if (!leaves.empty()) {
      CANVASBACK_ASSIGN(schema, measure_schema(*plan_));
    }
    for (const std::string& name : measures_) {
      const Metric& metric = *model_.find_measure(name);
      if (metric.kind == MetricKind::Ratio) continue;
      if (has_leaves(model_, metric)) {
        const auto at = static_cast<std::size_t>(std::ranges::find(leaves, name) - leaves.begin());
        described.emplace(name, describe_leaf(metric, at, *schema));
      } else {
        CANVASBACK_ASSIGN(Described one, describe_sketch(metric));
        described.emplace(name, std::move(one));
      }
    }
    Json out = Json::Object{};
    for (const std::string& name : measures_) {
      const Metric& metric = *model_.find_measure(name);
      if (metric.kind != MetricKind::Ratio) {
        out.set(name, std::move(described.at(name).json));
        continue;
      }
      const Described& a = described.at(metric.numerator);
      const Described& b = described.at(metric.denominator);
      Json one;
      one.set("type", "DOUBLE");
      one.set("exact", a.exact && b.exact);
      if (a.error + b.error > 0) one.set("error", a.error + b.error);
      one.set("make", "ratio");
      one.set("of", text_list({metric.numerator, metric.denominator}));
      out.set(name, std::move(one));
    }
    return out;
  }

  Result<std::string> head_line() {
    Json out;
    out.set("name", model_.name);
    out.set("dataset", model_.source.empty() ? Json() : Json(model_.source));
    out.set("timezone", metrics_.source.clock.zone);
    out.set("week_start", model_.week_start);
    out.set("newest", metrics_.newest_us ? Json(iso_time(*metrics_.newest_us)) : Json());
    out.set("first_day", span_ ? Json(day_text(span_->first_day)) : Json());
    out.set("last_day", span_ ? Json(day_text(span_->last_day)) : Json());
    CANVASBACK_ASSIGN(Json dimensions, describe_dimensions());
    out.set("dimensions", std::move(dimensions));
    CANVASBACK_ASSIGN(Json measures, describe_measures());
    out.set("measures", std::move(measures));
    Json leaves = Json::Array{};
    for (const auto& shape : plan_->leaf_shapes()) {
      Json one;
      one.set("merge", shape.merge);
      one.set("type", shape.type);
      if (shape.type.starts_with("DECIMAL")) one.set("scale", decimal_scale(shape.type));
      leaves.push(std::move(one));
    }
    out.set("leaves", std::move(leaves));
    return out.dump();
  }

  Status send(std::string line) {
    line += '\n';
    return context_.sink.write(line);
  }

  Status send_files(Made& made, std::int64_t& left) {
    std::string why = made.files.unavailable;
    for (RollupFile& file : made.files.files) {
      const auto bytes = static_cast<std::int64_t>(file.bytes.size());
      if (bytes > left) {
        why = "over the budget of the dashboard";
        continue;
      }
      left -= bytes;
      Json section;
      section.set("rollup", std::move(file.description));
      section.set("bytes", bytes);
      CANVASBACK_TRY(send(section.dump()));
      CANVASBACK_TRY(context_.sink.write(file.bytes));
      file.bytes = {};
      ++context_.metrics.rows;
    }
    if (why.empty()) return {};
    Json unavailable;
    unavailable.set("kind", name_of(made.wish.kind));
    if (!made.wish.sketch.empty()) unavailable.set("sketch", made.wish.sketch);
    unavailable.set("dimensions", text_list(made.wish.dimensions));
    unavailable.set("reason", why);
    Json section;
    section.set("unavailable", std::move(unavailable));
    return send(section.dump());
  }

  TaskContext& context_;
  const RollupWork& work_;
  const MetricsModel& model_;
  const OpenMetrics& metrics_;
  Names measures_;
  RollupTables tables_;
  RollupBase base_;
  const MetricsPlan* plan_ = nullptr;  // of the leaves, over all days
  std::optional<RollupSpan> span_;
};

}  // namespace

Status run_rollups(TaskContext& context, const RollupWork& work) {
  context.metrics.method = "duckdb";
  Stopwatch watch;
  MetricsWork asked;
  asked.model = work.model;
  asked.period = work.period;
  asked.timezone = work.timezone;
  asked.now_us = work.now_us;
  CANVASBACK_ASSIGN(const OpenMetrics open, open_metrics(context, asked));
  const Status status =
      work.for_server ? send_server_rollups(context, work, open) : RollupRun(context, work, open).run();
  context.metrics.engine_ms += watch.elapsed_ms();
  return status ? context.sink.finish() : status;
}

}  // namespace canvasback
