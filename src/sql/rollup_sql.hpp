// The SQL of rollups that a site is published with (docs/publish.md): sketches of what cannot be added up, and
// groups as columns of a file. Distinct values: HyperLogLog with 4,096 registers, of which a row says one's number and
// rank; quantiles: counts of values in bins that are 2 % wide. Both merge exactly: rows of several groups give what
// their rows together would. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "query/rollup_plan.hpp"
#include "sql/metrics_sql.hpp"

namespace canvasback {

inline constexpr double kDistinctError = 0.01625;  // 1.04 / sqrt(4096)
inline constexpr double kQuantileError = 0.01;

// Columns t, d0 …, k (what is merged by), n (how). Distinct: k = register, n = rank; quantile: k = bin, n = count.
// The plan is of the one measure. `has_time`: the keys have a grain.
Result<SqlStatement> sketch_sql(const MetricsPlan& plan, RollupKind kind, const GroupKeys& keys);
// The same from a table of such rows.
std::string merged_sketch_sql(const MergedGroups& wanted, RollupKind kind);

// What a leaf of groups is in a file, and how a column of its kind is asked for.
enum class LeafForm { Integer, ScaledInteger, Digits, Real, Text };
// `type`: of the leaf; fits: all its values, scaled, fit 64 bits.
LeafForm leaf_form(const MetricsPlan::LeafShape& leaf, bool fits);
// Digits behind the point of a DECIMAL; 0 of other types.
int decimal_scale(std::string_view type);
// A statement that counts the values of a column of a table that do not fit 64 bits once scaled; empty where all do.
std::string count_unfit_sql(const MetricsPlan::LeafShape& leaf, const std::string& column, const std::string& table);
// The column as an expression whose Arrow values are those of the file, but for ScaledInteger (a DECIMAL(38,s)) and
// Text (as it is).
std::string leaf_column_sql(const MetricsPlan::LeafShape& leaf, LeafForm form, const std::string& column);

}  // namespace canvasback
