#include "worker/roles/query/rollup_task.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/clock.hpp"
#include "base/text_list.hpp"
#include "record/type_name.hpp"
#include "sql/rollup_sql.hpp"
#include "worker/roles/query/metrics_source.hpp"
#include "worker/roles/query/rollup_files.hpp"

namespace canvasback {
namespace {

using Names = std::vector<std::string>;

// An estimated number of values is a little beside the number: up to here a dimension counts as small.
constexpr double kEstimateRoom = 1.3;
constexpr std::int64_t kBaseRowsMax = 4'000'000;  // of the groups by all small dimensions

// In the model's order: what tiles show, and what their ratios are of.
Names measures_of(const MetricsModel& model, const RollupNeeds& needs) {
  Names wanted;
  for (const RollupTile& tile : needs.tiles) {
    for (const std::string& name : tile.measures) {
      wanted.push_back(name);
      const Metric* metric = model.find_measure(name);
      if (metric == nullptr || metric->kind != MetricKind::Ratio) continue;
      wanted.push_back(metric->numerator);
      wanted.push_back(metric->denominator);
    }
  }
  Names out;
  for (const Metric& metric : model.measures) {
    if (std::ranges::find(wanted, metric.name) != wanted.end()) out.push_back(metric.name);
  }
  return out;
}

Names dimensions_of(const MetricsModel& model, const RollupNeeds& needs) {
  Names out;
  for (const MetricDimension& dimension : model.dimensions) {
    const bool of_filter = std::ranges::find(needs.filters, dimension.name) != needs.filters.end();
    const bool of_tile = std::ranges::any_of(needs.tiles, [&](const RollupTile& tile) {
      return std::ranges::find(tile.dimensions, dimension.name) != tile.dimensions.end();
    });
    if (of_filter || of_tile) out.push_back(dimension.name);
  }
  return out;
}

// One run of the task.
class RollupRun {
 public:
  RollupRun(TaskContext& context, const RollupWork& work, const OpenMetrics& metrics)
      : context_(context),
        work_(work),
        model_(work.model),
        metrics_(metrics),
        measures_(measures_of(work.model, work.needs)),
        dimensions_(dimensions_of(work.model, work.needs)),
        tables_(context, work.model, metrics, leaf_measures()) {
    if (!model_.time.empty()) all_ = DayRange{};
  }

  Status run() {
    CANVASBACK_ASSIGN(plan_, tables_.plan_of(RollupKind::Leaves, {}, all_));
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

  Names leaf_measures() const {
    Names out;
    for (const std::string& name : measures_) {
      if (has_leaves(model_, *model_.find_measure(name))) out.push_back(name);
    }
    return out;
  }

  Status make() {
    CANVASBACK_TRY(count_values());
    CANVASBACK_TRY(make_base());
    CANVASBACK_TRY(find_span());
    CANVASBACK_TRY(count_exactly());
    CANVASBACK_ASSIGN(std::string head, head_line());
    CANVASBACK_TRY(send(std::move(head)));
    RollupWriter writer(context_, work_, metrics_, tables_, span_);
    std::vector<Made> made;
    const bool has_leaves = !plan_->leaf_shapes().empty();
    for (RollupWish& wish : rollup_plan(model_, work_.needs, values_)) {
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

  // About how many values each dimension has, in one scan.
  Status count_values() {
    if (dimensions_.empty()) return {};
    CANVASBACK_ASSIGN(SqlStatement statement, plan_->leaf_rows_sql({Grain::None, dimensions_, false}));
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < dimensions_.size(); ++i)
      columns.push_back(fmt::format("approx_count_distinct(d{})", i));
    statement.sql = fmt::format("SELECT count(*), {} FROM ({}) AS s", fmt::join(columns, ", "), statement.sql);
    CANVASBACK_ASSIGN(const std::vector<std::int64_t> counts, integers(std::move(statement)));
    rows_ = counts.at(0);
    for (std::size_t i = 0; i < dimensions_.size(); ++i) {
      std::int64_t count = counts.at(i + 1) + 1;  // and no value
      const bool small = static_cast<double>(count) <= kRollupValuesMax * kEstimateRoom;
      if (small) count = std::min(count, kRollupValuesMax);
      values_.emplace(dimensions_[i], count);
    }
    return {};
  }

  // Groups by all small dimensions, where they are far fewer than rows: all others are made of them.
  Status make_base() {
    RollupGroups base;
    base.grain = all_ ? Grain::Day : Grain::None;
    base.days = all_;
    double groups = static_cast<double>(std::max<std::int64_t>(1, metrics_.days()));
    for (const std::string& name : dimensions_) {
      if (values_.at(name) > kRollupValuesMax) continue;
      base.dimensions.push_back(name);
      groups *= static_cast<double>(values_.at(name));
    }
    const bool pays = base.dimensions.size() > 1 && rows_ > 0 &&
                      (groups < static_cast<double>(kBaseRowsMax) * 4 || rows_ < kBaseRowsMax);
    if (!pays) return {};
    CANVASBACK_ASSIGN(const auto made, tables_.make(base, kBaseRowsMax));
    static_cast<void>(made);
    return {};
  }

  Status find_span() {
    if (!all_) return {};
    RollupGroups totals;
    totals.grain = Grain::Day;
    totals.days = all_;
    CANVASBACK_ASSIGN(const auto table, tables_.make(totals, INT32_MAX));
    SqlStatement statement;
    statement.sql = fmt::format(
        "SELECT count(*), coalesce(min(t) - DATE '1970-01-01', 0), coalesce(max(t) - DATE '1970-01-01', 0) FROM {}",
        table->name);
    CANVASBACK_ASSIGN(const std::vector<std::int64_t> bounds, integers(std::move(statement)));
    if (bounds.at(0) > 0) span_ = RollupSpan{bounds.at(1), bounds.at(2)};
    return {};
  }

  Status count_exactly() {
    for (const std::string& name : dimensions_) {
      if (values_.at(name) > kRollupValuesMax) continue;
      RollupGroups groups;
      groups.dimensions = {name};
      groups.days = all_;
      groups.grain = all_ ? Grain::Day : Grain::None;
      CANVASBACK_ASSIGN(const auto table, tables_.make(groups, kBaseRowsMax));
      if (!table) continue;
      CANVASBACK_ASSIGN(
          const std::int64_t count,
          context_.engine.single_number(fmt::format("SELECT count(*) FROM (SELECT DISTINCT d0 FROM {})", table->name),
                                        {}, context_.cancel));
      values_.at(name) = std::min(count, kRollupValuesMax);
    }
    return {};
  }

  Result<std::vector<std::int64_t>> integers(SqlStatement statement) {
    CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
    CANVASBACK_ASSIGN(const BatchPtr batch, stream->next());
    std::vector<std::int64_t> out;
    for (int i = 0; batch && i < batch->num_columns(); ++i) {
      out.push_back(static_cast<const arrow::Int64Array&>(*batch->column(i)).Value(0));
    }
    if (out.empty()) return fail(ErrorCode::Database, "A count gave no row.");
    return out;
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
    if (dimensions_.empty()) return out;
    CANVASBACK_ASSIGN(SqlStatement statement, plan_->leaf_rows_sql({Grain::None, dimensions_, false}));
    CANVASBACK_ASSIGN(const SchemaPtr schema, schema_of(std::move(statement)));
    for (std::size_t i = 0; i < dimensions_.size(); ++i) {
      Json one;
      one.set("type", sql_type_name(*schema->field(static_cast<int>(i))));
      one.set("values", values_.at(dimensions_[i]));
      out.set(dimensions_[i], std::move(one));
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
    CANVASBACK_ASSIGN(const MetricsPlan* plan, tables_.plan_of(kind, metric.name, all_));
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
  Names dimensions_;
  RollupTables tables_;
  std::optional<DayRange> all_;
  const MetricsPlan* plan_ = nullptr;  // of the leaves, over all days
  std::map<std::string, std::int64_t> values_;
  std::int64_t rows_ = 0;
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
  const Status status = RollupRun(context, work, open).run();
  context.metrics.engine_ms += watch.elapsed_ms();
  return status ? context.sink.finish() : status;
}

}  // namespace canvasback
