#include "worker/roles/query/server_rollups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text_list.hpp"
#include "encode/parquet/parquet_parts.hpp"
#include "record/type_name.hpp"
#include "sql/rollup_sql.hpp"
#include "worker/roles/query/rollup_base.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kRowsPerGroupMin = 2;  // of the source: groups of fewer rows do not pay
constexpr std::size_t kFromRowsMax = 8;       // rollups that are each made of the source's rows
constexpr std::int64_t kQuickRows = 20'000;   // read as fast as fewer
constexpr std::int64_t kRowGroupRows = 131'072;

// Types whose values are the same once written and read.
bool is_kept(std::string_view type) {
  constexpr std::string_view kKept[] = {"VARCHAR",   "BOOLEAN",  "DATE",    "DOUBLE", "TIMESTAMP",
                                        "TINYINT",   "SMALLINT", "INTEGER", "BIGINT", "UTINYINT",
                                        "USMALLINT", "UINTEGER", "UBIGINT"};
  return std::ranges::find(kKept, type) != std::ranges::end(kKept) || type.starts_with("DECIMAL");
}

class ServerRollups {
 public:
  ServerRollups(TaskContext& context, const RollupWork& work, const OpenMetrics& metrics)
      : context_(context),
        work_(work),
        tables_(context, work.model, metrics, rollup_leaf_measures(work.model, work.needs)),
        base_(context, work.model, metrics, tables_, rollup_dimensions(work.model, work.needs)) {}

  Status run() {
    CANVASBACK_ASSIGN(plan_, tables_.plan_of(RollupKind::Leaves, {}, base_.all_days()));
    if (plan_->leaf_shapes().empty()) return {};
    CANVASBACK_TRY(base_.make(*plan_));
    if (base_.groups()) CANVASBACK_TRY(send(*base_.groups()));
    std::vector<std::vector<std::string>> wanted;
    for (const RollupWish& wish : rollup_plan(work_.model, work_.needs, base_.values())) {
      const bool of_days = wish.kind == RollupKind::Leaves && !wish.details && !wish.hours;
      if (of_days) wanted.push_back(wish.dimensions);
    }
    if (!base_.groups() && wanted.size() > kFromRowsMax) wanted.resize(kFromRowsMax);
    // From the most dimensions down: smaller groups are made of larger ones.
    std::ranges::stable_sort(wanted, std::greater(), &std::vector<std::string>::size);
    for (std::vector<std::string>& dimensions : wanted) {
      CANVASBACK_ASSIGN(const auto table, tables_.make(base_.by_day(std::move(dimensions)), RollupBase::kRowsMax));
      if (table) CANVASBACK_TRY(send(*table));
      CANVASBACK_TRY(context_.cancel.check());
    }
    return {};
  }

 private:
  // One that was sent is about as fast.
  bool is_needless(const RollupTable& table) const {
    return std::ranges::any_of(sent_, [&](const RollupTable& other) {
      const auto has = [&](const std::string& name) {
        return std::ranges::find(other.groups.dimensions, name) != other.groups.dimensions.end();
      };
      return other.rows <= std::max(2 * table.rows, kQuickRows) && std::ranges::all_of(table.groups.dimensions, has);
    });
  }

  Status send(const RollupTable& table) {
    const bool pays = base_.rows() == 0 || table.rows <= base_.rows() / kRowsPerGroupMin;
    if (!pays || is_needless(table)) return {};
    std::vector<std::string> columns;
    if (table.groups.grain == Grain::Day) columns.emplace_back("t");
    for (std::size_t i = 0; i < table.groups.dimensions.size(); ++i) columns.push_back(fmt::format("d{}", i));
    std::vector<std::string> keys = columns;
    const auto shapes = plan_->leaf_shapes();
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      // Parquet has no integers of 128 bits.
      const bool wide = shapes[i].type == "HUGEINT";
      columns.push_back(wide ? fmt::format("CAST(l{0} AS DECIMAL(38,0)) AS l{0}", i) : fmt::format("l{}", i));
    }
    SqlStatement statement;
    statement.sql = fmt::format("SELECT {} FROM {} AS g", fmt::join(columns, ", "), table.name);
    if (!keys.empty()) statement.sql += fmt::format(" ORDER BY {}", fmt::join(keys, ", "));
    CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
    Json described = Json::Array{};
    for (const auto& field : stream->schema()->fields()) {
      Json column;
      column.set("name", field->name());
      column.set("type", sql_type_name(*field));
      if (field->name().starts_with('d') && !is_kept(column.at("type").as_string())) return {};
      described.push(std::move(column));
    }
    ParquetPartsOptions options;
    options.row_group_rows = kRowGroupRows;
    options.bytes_max = static_cast<std::uint64_t>(work_.part_bytes_max);
    auto parts = write_parquet_parts(*stream, options);
    if (!parts && parts.error().code == ErrorCode::PayloadTooLarge) return {};
    if (!parts) return std::unexpected(parts.error());
    Json rollup;
    rollup.set("dimensions", text_list(table.groups.dimensions));
    rollup.set("measures", text_list(plan_->query().measures));
    rollup.set("rows", parts->rows);
    rollup.set("columns", std::move(described));
    Json section;
    section.set("rollup", std::move(rollup));
    section.set("bytes", static_cast<std::int64_t>(parts->bytes.size()));
    CANVASBACK_TRY(context_.sink.write(section.dump() + "\n"));
    CANVASBACK_TRY(context_.sink.write(parts->bytes));
    ++context_.metrics.rows;
    sent_.push_back(table);
    return {};
  }

  TaskContext& context_;
  const RollupWork& work_;
  RollupTables tables_;
  RollupBase base_;
  const MetricsPlan* plan_ = nullptr;  // of the leaves, over all days
  std::vector<RollupTable> sent_;
};

}  // namespace

Status send_server_rollups(TaskContext& context, const RollupWork& work, const OpenMetrics& metrics) {
  return ServerRollups(context, work, metrics).run();
}

}  // namespace canvasback
