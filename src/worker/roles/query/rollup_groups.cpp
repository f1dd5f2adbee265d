#include "worker/roles/query/rollup_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sql/rollup_sql.hpp"

namespace canvasback {
namespace {

// Tables that others are made of, in some 300 MB of the engine's memory at most.
constexpr std::int64_t kKeptRowsMax = 6'000'000;

std::string day_literal(std::int64_t day) { return fmt::format("DATE '{}'", day_text(day)); }

std::string text_of(const std::optional<DayRange>& days) { return days ? to_json(*days).dump() : std::string(); }

// Whether a table of the days has all groups of the others.
bool covers(const std::optional<DayRange>& days, const std::optional<DayRange>& others, Grain grain) {
  if (days == others) return true;
  return days && !days->from && !days->to && grain == Grain::Day;
}

}  // namespace

RollupTables::~RollupTables() {
  SqlStatement drop;
  for (std::int64_t i = 0; i < made_; ++i) {
    drop.sql = fmt::format("DROP TABLE IF EXISTS rollup_{}", i);
    auto dropped = context_.engine.execute(drop, CancelToken());
    if (dropped) static_cast<void>((*dropped)->next());
  }
}

Status RollupTables::run(std::string sql, std::vector<std::string> parameters) {
  SqlStatement statement;
  statement.sql = std::move(sql);
  statement.parameters = std::move(parameters);
  CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
  while (true) {
    CANVASBACK_ASSIGN(const BatchPtr batch, stream->next());
    if (!batch) return context_.cancel.check();
  }
}

Result<const MetricsPlan*> RollupTables::plan_of(RollupKind kind, const std::string& sketch,
                                                 const std::optional<DayRange>& days) {
  const std::string key = fmt::format("{}\n{}\n{}", name_of(kind), sketch, text_of(days));
  if (const auto found = plans_.find(key); found != plans_.end()) return found->second.get();
  MetricsQuery query;
  query.measures = kind == RollupKind::Leaves ? measures_ : std::vector{sketch};
  CANVASBACK_ASSIGN(MetricsPlan plan,
                    MetricsPlan::make(model_, metrics_.source, std::move(query), MetricsPeriods{days, {}}));
  return plans_.emplace(key, std::make_unique<MetricsPlan>(std::move(plan))).first->second.get();
}

const RollupTable* RollupTables::source_of(const RollupGroups& groups) const {
  const RollupTable* out = nullptr;
  for (const RollupTable& table : kept_) {
    const RollupGroups& had = table.groups;
    const bool alike = had.kind == groups.kind && had.sketch == groups.sketch && had.grain != Grain::Hour;
    const bool buckets = had.grain == groups.grain || (had.grain == Grain::Day && groups.grain != Grain::Hour);
    if (!alike || !buckets || !covers(had.days, groups.days, had.grain)) continue;
    const bool has_all = std::ranges::all_of(groups.dimensions, [&](const std::string& name) {
      return std::ranges::find(had.dimensions, name) != had.dimensions.end();
    });
    if (has_all && (out == nullptr || table.rows < out->rows)) out = &table;
  }
  return out;
}

Result<SqlStatement> RollupTables::statement_of(const RollupGroups& groups) {
  CANVASBACK_ASSIGN(const MetricsPlan* plan, plan_of(groups.kind, groups.sketch, groups.days));
  MergedGroups merged;
  merged.grain = groups.grain;
  merged.measure = groups.measure;
  const auto merge = [&] {
    SqlStatement out;
    const bool leaves = groups.kind == RollupKind::Leaves;
    out.sql = leaves ? plan->merged_groups_sql(merged) : merged_sketch_sql(merged, groups.kind);
    return out;
  };
  if (const RollupTable* table = source_of(groups)) {
    merged.groups = table->name;
    merged.from = table->groups.grain;
    for (const std::string& name : groups.dimensions) {
      const auto at = std::ranges::find(table->groups.dimensions, name) - table->groups.dimensions.begin();
      merged.dimensions.push_back(static_cast<std::size_t>(at));
    }
    if (groups.days && groups.days != table->groups.days) {
      std::vector<std::string> conditions;
      if (groups.days->from) conditions.push_back(fmt::format("t >= {}", day_literal(*groups.days->from)));
      if (groups.days->to) conditions.push_back(fmt::format("t < {}", day_literal(*groups.days->to)));
      if (!conditions.empty()) {
        merged.groups = fmt::format("(SELECT * FROM {} WHERE {})", table->name, fmt::join(conditions, " AND "));
      }
    }
    return merge();
  }
  const GroupKeys keys{groups.grain, groups.dimensions, false};
  if (groups.kind != RollupKind::Leaves) return sketch_sql(*plan, groups.kind, keys);
  CANVASBACK_ASSIGN(SqlStatement statement, plan->groups_sql(keys));
  if (groups.measure.empty()) return statement;
  // The value of a measure is made of groups.
  merged.groups = fmt::format("({})", statement.sql);
  merged.from = groups.grain;
  for (std::size_t i = 0; i < groups.dimensions.size(); ++i) merged.dimensions.push_back(i);
  statement.sql = plan->merged_groups_sql(merged);
  return statement;
}

void RollupTables::keep(const RollupTable& table) {
  const bool merges = (table.groups.grain == Grain::Day || !table.groups.days) && table.groups.measure.empty();
  if (!merges || kept_rows_ + table.rows > kKeptRowsMax) {
    last_ = table.name;
    return;
  }
  kept_rows_ += table.rows;
  kept_.push_back(table);
}

Result<std::optional<RollupTable>> RollupTables::make(const RollupGroups& groups, std::int64_t rows_max) {
  if (!last_.empty()) CANVASBACK_TRY(run(fmt::format("DROP TABLE IF EXISTS {}", std::exchange(last_, {}))));
  CANVASBACK_ASSIGN(SqlStatement statement, statement_of(groups));
  RollupTable table;
  table.name = fmt::format("rollup_{}", made_++);
  table.groups = groups;
  CANVASBACK_TRY(run(fmt::format("CREATE OR REPLACE TEMP TABLE {} AS SELECT * FROM ({}) AS g LIMIT {}", table.name,
                                 statement.sql, rows_max + 1),
                     std::move(statement.parameters)));
  CANVASBACK_ASSIGN(table.rows, context_.engine.single_number(fmt::format("SELECT count(*) FROM {}", table.name), {},
                                                              context_.cancel));
  if (table.rows > rows_max) {
    CANVASBACK_TRY(run(fmt::format("DROP TABLE {}", table.name)));
    return std::optional<RollupTable>();
  }
  keep(table);
  return std::optional<RollupTable>(std::move(table));
}

}  // namespace canvasback
