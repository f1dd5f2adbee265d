#include "sql/daily_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace canvasback {
namespace {

const TimeColumn kDay{"t", "DATE"};

std::optional<std::size_t> place_of(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

std::string column_of(const DailyGroups& made, const std::string& dimension) {
  return fmt::format("d{}", *place_of(made.dimensions, dimension));
}

bool has_all(const DailyGroups& made, const MetricsPlan& plan, const GroupKeys& keys) {
  if (keys.grain == Grain::Hour || keys.only_rest || !plan.can_merge()) return false;
  const auto has = [&](const std::string& name) { return place_of(made.dimensions, name).has_value(); };
  return std::ranges::all_of(keys.dimensions, has) &&
         std::ranges::all_of(plan.query().where, has, &MetricCondition::name) &&
         std::ranges::all_of(plan.leaf_texts(),
                             [&](const std::string& leaf) { return place_of(made.leaves, leaf).has_value(); });
}

// SELECT of the groups of one period (`days`), or of all that are wanted, with the columns that are wanted of them.
Result<std::string> select_sql(const DailyGroups& made, const MetricsPlan& plan, const MetricsClock& clock,
                               const GroupKeys& keys, const DayRange* days, int period, SqlStatement& statement) {
  std::vector<std::string> columns;
  if (keys.grain != Grain::None) columns.push_back(bucket_sql(clock, kDay, keys.grain) + " AS t");
  for (std::size_t i = 0; i < keys.dimensions.size(); ++i) {
    columns.push_back(fmt::format("{} AS d{}", column_of(made, keys.dimensions[i]), i));
  }
  auto [period_column, conditions] = period_sql(clock, kDay, plan.periods(), days, period);
  if (!period_column.empty()) columns.push_back(std::move(period_column));
  if (!plan.query().where.empty()) {
    Dataset shape;
    for (std::size_t i = 0; i < made.dimensions.size(); ++i) {
      shape.columns.push_back({fmt::format("d{}", i), made.types[i], {}, {}, {}});
    }
    const Json filter = filter_from(plan.query().where, [&](const std::string& name) { return column_of(made, name); });
    CANVASBACK_ASSIGN(std::string condition, append_condition(statement, shape, filter));
    conditions.push_back(std::move(condition));
  }
  const std::vector<std::string> leaves = plan.leaf_texts();
  const auto shapes = plan.leaf_shapes();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    columns.push_back(fmt::format("CAST(l{} AS {}) AS l{}", *place_of(made.leaves, leaves[i]), shapes[i].type, i));
  }
  if (columns.empty()) columns.emplace_back("1 AS one");
  const std::string where = conditions.empty() ? "" : fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
  return fmt::format("SELECT {} FROM {}{}", fmt::join(columns, ", "), made.relation, where);
}

}  // namespace

Result<std::optional<SqlStatement>> groups_sql_from(const DailyGroups& made, const MetricsPlan& plan,
                                                    const MetricsClock& clock, const GroupKeys& keys) {
  if (!has_all(made, plan, keys)) return std::optional<SqlStatement>();
  const MetricsPeriods& periods = plan.periods();
  SqlStatement statement;
  std::string groups;
  if (periods.compared && overlap(*periods.period, *periods.compared)) {
    CANVASBACK_ASSIGN(std::string now, select_sql(made, plan, clock, keys, &*periods.period, 0, statement));
    CANVASBACK_ASSIGN(std::string then, select_sql(made, plan, clock, keys, &*periods.compared, 1, statement));
    groups = fmt::format("{} UNION ALL {}", now, then);
  } else {
    CANVASBACK_ASSIGN(groups, select_sql(made, plan, clock, keys, nullptr, 0, statement));
  }
  MergedGroups merged;
  merged.groups = fmt::format("({})", groups);
  merged.from = keys.grain;
  merged.grain = keys.grain;
  for (std::size_t i = 0; i < keys.dimensions.size(); ++i) merged.dimensions.push_back(i);
  merged.has_period = periods.compared.has_value();
  statement.sql = plan.merged_groups_sql(merged);
  return std::optional<SqlStatement>(std::move(statement));
}

}  // namespace canvasback
