#include "worker/roles/query/rollup_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.hpp"
#include "base/text_list.hpp"
#include "encode/parquet/parquet_parts.hpp"
#include "sql/rollup_sql.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kDetailRows = 4'096;       // of a row group: a few kilobytes a column
constexpr std::int64_t kManyDetails = 200'000;    // rows, from which on
constexpr std::int64_t kManyDetailRows = 16'384;  // keep the footer small

std::int64_t month_start(std::int64_t day, int months_later) {
  using namespace std::chrono;
  const year_month_day date{sys_days(days(static_cast<int>(day)))};
  const year_month month = date.year() / date.month() + months(months_later);
  return sys_days(month / 1).time_since_epoch().count();
}

std::string_view grain_name(Grain grain) { return grain == Grain::None ? "none" : name_of(grain); }

}  // namespace

DayRange RollupWriter::all_days(Grain grain) const {
  if (grain != Grain::Month) return {span_->first_day, span_->last_day + 1};
  return {month_start(span_->first_day, 0), month_start(span_->last_day, 1)};
}

DayRange RollupWriter::recent_days() const {
  return {std::max(span_->first_day, span_->last_day + 1 - kRollupRecentDays), span_->last_day + 1};
}

// The columns of the file: t, dimensions, and what the groups' kind has.
Result<RollupWriter::Columns> RollupWriter::columns_of(const RollupTable& table) {
  const RollupGroups& groups = table.groups;
  Columns out;
  const auto add = [&](std::string sql, RollupColumn kind) {
    out.sql.push_back(std::move(sql));
    out.kinds.push_back(kind);
  };
  if (groups.grain == Grain::Hour) add("epoch_ms(t) AS t", RollupColumn::AsIs);
  if (groups.grain == Grain::Day || groups.grain == Grain::Month) {
    add("CAST(t - DATE '1970-01-01' AS INTEGER) AS t", RollupColumn::AsIs);
  }
  for (std::size_t i = 0; i < groups.dimensions.size(); ++i) add(fmt::format("d{}", i), RollupColumn::Text);
  if (groups.kind == RollupKind::Distinct) add("k * 64 + n AS h", RollupColumn::AsIs);
  if (groups.kind == RollupKind::Quantile) {
    add("k AS b", RollupColumn::AsIs);
    add("n", RollupColumn::AsIs);
  }
  if (groups.kind != RollupKind::Leaves) return out;
  CANVASBACK_ASSIGN(const MetricsPlan* plan, tables_.plan_of(groups.kind, {}, groups.days));
  const auto shapes = plan->leaf_shapes();
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string column = fmt::format("l{}", i);
    bool fits = true;
    if (const std::string unfit = count_unfit_sql(shapes[i], column, table.name); !unfit.empty()) {
      CANVASBACK_ASSIGN(const std::int64_t count, context_.engine.single_number(unfit, {}, context_.cancel));
      fits = count == 0;
    }
    const LeafForm form = leaf_form(shapes[i], fits);
    const RollupColumn kind = form == LeafForm::ScaledInteger ? RollupColumn::ScaledInteger
                              : form == LeafForm::Text        ? RollupColumn::Text
                                                              : RollupColumn::AsIs;
    add(fmt::format("{} AS {}", leaf_column_sql(shapes[i], form, column), column), kind);
    out.leaves.push(static_cast<std::int64_t>(i));
  }
  return out;
}

Result<RollupFile> RollupWriter::write(const RollupTable& table, const Layout& layout) {
  const RollupGroups& groups = table.groups;
  CANVASBACK_ASSIGN(Columns columns, columns_of(table));
  SqlStatement statement;
  const std::string order = layout.order.empty() ? "" : fmt::format(" ORDER BY {}", fmt::join(layout.order, ", "));
  statement.sql = fmt::format("SELECT {} FROM {} AS g{}", fmt::join(columns.sql, ", "), table.name, order);
  CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
  const int first_dimension = groups.grain == Grain::None ? 0 : 1;
  RollupBatches batches(*stream, std::move(columns.kinds), layout.bounds ? first_dimension : -1, layout.row_group_rows);
  ParquetPartsOptions options;
  options.row_group_rows = layout.row_group_rows;
  options.bytes_max = static_cast<std::uint64_t>(layout.bytes_max);
  CANVASBACK_ASSIGN(ParquetParts parts, write_parquet_parts(batches, options));
  RollupFile out;
  Json& json = out.description;
  json.set("kind", name_of(groups.kind));
  if (!groups.sketch.empty()) json.set("sketch", groups.sketch);
  json.set("bytes", static_cast<std::int64_t>(parts.bytes.size()));
  json.set("footer", parts.footer_bytes);
  json.set("rows", parts.rows);
  json.set("grain", grain_name(groups.grain));
  json.set("dimensions", text_list(groups.dimensions));
  if (groups.kind == RollupKind::Leaves) json.set("leaves", std::move(columns.leaves));
  json.set("order", layout.named);
  Json row_groups = Json::Array{};
  for (std::size_t i = 0; i < parts.row_groups.size(); ++i) {
    const ParquetPart& group = parts.row_groups[i];
    Json one;
    one.set("offset", group.offset);
    one.set("bytes", group.bytes);
    one.set("rows", group.rows);
    if (layout.bounds) {
      const RollupBatches::Bounds& bounds = batches.bounds().at(i);
      one.set("first", bounds.first ? Json(*bounds.first) : Json());
      one.set("last", bounds.last ? Json(*bounds.last) : Json());
    }
    row_groups.push(std::move(one));
  }
  json.set("row_groups", std::move(row_groups));
  out.bytes = std::move(parts.bytes);
  return out;
}

Result<std::optional<RollupFile>> RollupWriter::part(const RollupWish& wish, Grain grain,
                                                     std::optional<DayRange> days) {
  using Out = std::optional<RollupFile>;
  RollupGroups groups;
  groups.kind = wish.kind;
  groups.sketch = wish.sketch;
  groups.dimensions = wish.dimensions;
  groups.grain = grain;
  groups.days = days;
  CANVASBACK_ASSIGN(const auto table, tables_.make(groups, rows_max(work_.part_bytes_max)));
  if (!table) return Out();
  Layout layout;
  layout.bytes_max = work_.part_bytes_max;
  if (grain != Grain::None) layout.order.emplace_back("t");
  for (std::size_t i = 0; i < wish.dimensions.size(); ++i) {
    layout.order.push_back(fmt::format("d{} ASC NULLS LAST", i));
  }
  if (wish.kind != RollupKind::Leaves) layout.order.emplace_back("k");
  auto file = write(*table, layout);
  if (!file && file.error().code == ErrorCode::PayloadTooLarge) return Out();
  if (!file) return std::unexpected(file.error());
  const bool is_part = days && days->from;
  Json covered = days && span_ ? to_json(is_part ? *days : all_days(grain)) : Json();
  file->description.set("from", covered.at("from"));
  file->description.set("to", covered.at("to"));
  return Out(std::move(*file));
}

Result<RollupFiles> RollupWriter::make_details(const RollupWish& wish) {
  struct Wanted {
    std::optional<DayRange> days;
    DayRange covered;
  };
  std::vector<Wanted> wanted;
  const auto add = [&](std::optional<DayRange> days) {
    DayRange covered;
    if (span_) covered = all_days(Grain::None);
    if (days && days->from) covered.from = days->from;
    if (days && days->to) covered.to = days->to;
    const bool known = std::ranges::any_of(wanted, [&](const Wanted& one) { return one.covered == covered; });
    if (!known) wanted.push_back({days, covered});
  };
  add(metrics_.period);
  if (wish.compared && metrics_.period) {
    if (const auto compared = compared_days(metrics_.wish, *metrics_.period, work_.compare)) add(compared);
  }
  if (metrics_.period) add(DayRange{});
  RollupFiles out;
  for (const Wanted& one : wanted) {
    RollupGroups groups;
    groups.dimensions = wish.dimensions;
    groups.days = one.days;
    groups.measure = wish.sort;
    CANVASBACK_ASSIGN(const auto table, tables_.make(groups, rows_max(work_.detail_bytes_max)));
    for (const bool by_value : {true, false}) {
      if (!table || (!by_value && wish.sort.empty())) continue;
      Layout layout;
      layout.bytes_max = work_.detail_bytes_max;
      layout.row_group_rows = table->rows > kManyDetails ? kManyDetailRows : kDetailRows;
      layout.bounds = by_value;
      layout.named = by_value ? "value" : "-" + wish.sort;
      if (!by_value) layout.order.emplace_back("m DESC NULLS LAST");
      for (std::size_t i = 0; i < wish.dimensions.size(); ++i) {
        layout.order.push_back(fmt::format("d{} ASC NULLS LAST", i));
      }
      auto file = write(*table, layout);
      if (!file && file.error().code == ErrorCode::PayloadTooLarge) continue;
      if (!file) return std::unexpected(file.error());
      const Json covered = to_json(one.covered);
      file->description.set("from", covered.at("from"));
      file->description.set("to", covered.at("to"));
      out.files.push_back(std::move(*file));
    }
  }
  if (out.files.empty()) out.unavailable = "over its budget";
  return out;
}

Result<RollupFiles> RollupWriter::make(const RollupWish& wish) {
  if (wish.details) return make_details(wish);
  RollupFiles out;
  const auto add = [&](Grain grain, std::optional<DayRange> days) -> Result<bool> {
    CANVASBACK_ASSIGN(auto file, part(wish, grain, days));
    if (file) out.files.push_back(std::move(*file));
    return file.has_value();
  };
  if (work_.model.time.empty()) {
    CANVASBACK_ASSIGN(const bool made, add(Grain::None, std::nullopt));
    if (!made) out.unavailable = "over its budget";
    return out;
  }
  if (!span_) return out;  // no rows, so nothing to tell
  if (wish.hours) {
    CANVASBACK_ASSIGN(const bool made, add(Grain::Hour, recent_days()));
    if (!made) out.unavailable = "by hour over its budget";
    return out;
  }
  CANVASBACK_ASSIGN(const bool by_day, add(Grain::Day, DayRange{}));
  if (by_day) return out;
  CANVASBACK_ASSIGN(const bool by_month, add(Grain::Month, DayRange{}));
  CANVASBACK_ASSIGN(const bool recent, add(Grain::Day, recent_days()));
  const std::string last = fmt::format("the last {} days", kRollupRecentDays);
  if (by_month && recent) {
    out.unavailable = fmt::format("by day before {} over its budget", last);
  } else if (by_month) {
    out.unavailable = "by day over its budget";
  } else {
    out.unavailable = recent ? fmt::format("before {} over its budget", last) : "over its budget";
  }
  return out;
}

}  // namespace canvasback
