#include "sql/rollup_sql.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>

namespace canvasback {
namespace {

constexpr int kRankBits = 52;     // of a hash, behind the 12 of the register
constexpr int kBinZero = 40'000;  // added to a bin's index, so that its sign is that of its values
constexpr double kSmallest = 1e-300;

// Of 64 bits the first 12 are the register; the rank is the place of the lowest 1 among the others. It is found as a
// power of two, whose logarithm is exact.
std::string distinct_rows(const std::string& rows, const std::string& keys) {
  return fmt::format(
      "SELECT {0}CAST(h >> {1} AS INTEGER) AS k, "
      "CAST(CASE WHEN low = 0 THEN {2} ELSE log2(low & -low) + 1 END AS INTEGER) AS n "
      "FROM (SELECT {0}hash(x0) AS h, CAST(hash(x0) & {3} AS BIGINT) AS low FROM ({4}) AS r WHERE x0 IS NOT NULL)",
      keys, kRankBits, kRankBits + 1, (std::int64_t{1} << kRankBits) - 1, rows);
}

std::string quantile_rows(const std::string& rows, const std::string& keys) {
  const double width = std::log((1 + kQuantileError) / (1 - kQuantileError));
  return fmt::format(
      "SELECT {0}CAST(CASE WHEN abs(x) < {1:e} THEN 0 WHEN isnan(x) THEN {2} + {4} ELSE sign(x) * "
      "({2} + greatest(least(ceil(ln(greatest(abs(x), {1:e})) / {3:.17g}), {4}), -{4})) END AS INTEGER) AS k, 1 AS n "
      "FROM (SELECT {0}CAST(x0 AS DOUBLE) AS x FROM ({5}) AS r WHERE x0 IS NOT NULL)",
      keys, kSmallest, kBinZero, width, kBinZero - 1, rows);
}

std::string key_columns(Grain grain, std::size_t dimensions) {
  std::string out = grain == Grain::None ? "" : "t, ";
  for (std::size_t i = 0; i < dimensions; ++i) out += fmt::format("d{}, ", i);
  return out;
}

std::string_view merge_of(RollupKind kind) {
  return kind == RollupKind::Distinct ? "max(n)" : "CAST(sum(n) AS BIGINT)";
}

bool is_small_integer(std::string_view type) {
  constexpr std::array kSmall{"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"};
  return std::ranges::find(kSmall, type) != kSmall.end();
}

bool is_large_integer(std::string_view type) { return type == "HUGEINT" || type == "UBIGINT" || type == "UHUGEINT"; }

}  // namespace

Result<SqlStatement> sketch_sql(const MetricsPlan& plan, RollupKind kind, const GroupKeys& keys) {
  CANVASBACK_ASSIGN(SqlStatement statement, plan.leaf_rows_sql(keys));
  const std::string columns = key_columns(keys.grain, keys.dimensions.size());
  const std::string rows =
      kind == RollupKind::Distinct ? distinct_rows(statement.sql, columns) : quantile_rows(statement.sql, columns);
  statement.sql = fmt::format("SELECT {0}k, {1} AS n FROM ({2}) AS s GROUP BY {0}k", columns, merge_of(kind), rows);
  return statement;
}

std::string merged_sketch_sql(const MergedGroups& wanted, RollupKind kind) {
  std::string inner;
  if (wanted.grain != Grain::None) {
    const bool same = wanted.grain == wanted.from;
    inner += same ? "t, " : fmt::format("CAST(date_trunc('{}', t) AS DATE) AS t, ", name_of(wanted.grain));
  }
  for (std::size_t i = 0; i < wanted.dimensions.size(); ++i) {
    inner += fmt::format("d{} AS d{}, ", wanted.dimensions[i], i);
  }
  const std::string columns = key_columns(wanted.grain, wanted.dimensions.size());
  return fmt::format("SELECT {0}k, {1} AS n FROM (SELECT {2}k, n FROM {3}) AS s GROUP BY {0}k", columns, merge_of(kind),
                     inner, wanted.groups);
}

int decimal_scale(std::string_view type) {
  const std::size_t comma = type.find(',');
  return type.starts_with("DECIMAL") && comma != std::string_view::npos
             ? std::atoi(std::string(type.substr(comma + 1)).c_str())
             : 0;
}

LeafForm leaf_form(const MetricsPlan::LeafShape& leaf, bool fits) {
  if (leaf.type == "DOUBLE") return LeafForm::Real;
  if (leaf.type.starts_with("DECIMAL")) return fits ? LeafForm::ScaledInteger : LeafForm::Digits;
  if (is_small_integer(leaf.type)) return LeafForm::Integer;
  if (is_large_integer(leaf.type)) return fits ? LeafForm::Integer : LeafForm::Digits;
  return LeafForm::Text;
}

std::string count_unfit_sql(const MetricsPlan::LeafShape& leaf, const std::string& column, const std::string& table) {
  const bool decimal = leaf.type.starts_with("DECIMAL");
  if (!decimal && !is_large_integer(leaf.type)) return {};
  std::string most = "9223372036854775807";
  if (decimal) {
    const auto scale = static_cast<std::size_t>(decimal_scale(leaf.type));
    if (most.size() <= scale) most.insert(0, scale + 1 - most.size(), '0');
    most.insert(most.size() - scale, scale > 0 ? "." : "");
    most = fmt::format("CAST({} AS DECIMAL(38,{}))", most, scale);
  }
  return fmt::format("SELECT count(*) FROM {0} WHERE {1} > {2}{3}", table, column, most,
                     leaf.type.starts_with('U') ? "" : fmt::format(" OR {} < -{}", column, most));
}

std::string leaf_column_sql(const MetricsPlan::LeafShape& leaf, LeafForm form, const std::string& column) {
  switch (form) {
    case LeafForm::Integer: return fmt::format("CAST({} AS BIGINT)", column);
    case LeafForm::Real: return fmt::format("CAST({} AS DOUBLE)", column);
    case LeafForm::ScaledInteger: return fmt::format("CAST({} AS DECIMAL(38,{}))", column, decimal_scale(leaf.type));
    case LeafForm::Digits:
      // The digits of the scaled integer; 38 of them fit a HUGEINT.
      if (!leaf.type.starts_with("DECIMAL")) return fmt::format("CAST({} AS VARCHAR)", column);
      return fmt::format("CAST(CAST(replace(CAST({} AS VARCHAR), '.', '') AS HUGEINT) AS VARCHAR)", column);
    case LeafForm::Text: break;
  }
  return column;
}

}  // namespace canvasback
