#include "sql/measure_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/exact_number.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

// How the measures of query/analysis.cpp are written where the engine's function is right; {} stands for the column.
struct Function {
  std::string_view name;
  std::string_view sql;
};
constexpr std::array kFunctions{
    Function{"count", "count({})"},
    Function{"count_distinct", "count(DISTINCT {})"},
    Function{"approx_distinct", "approx_count_distinct({})"},
    Function{"sum", "sum({})"},
    Function{"mean", "avg({})"},
    Function{"min", "min({})"},
    Function{"max", "max({})"},
    Function{"std", "stddev_samp({})"},
    Function{"variance", "var_samp({})"},
    Function{"median", "median({})"},
    Function{"any", "any_value({})"},
};

constexpr int kWidthMax = 38;
constexpr int kWidth64 = 18;  // decimals of so many digits fit 64 bits

struct Decimal {
  int width = 0;  // 0: the type is none
  int scale = 0;
};

Decimal decimal_of(const std::string& type) {
  if (!type.starts_with("DECIMAL(")) return {};
  return {std::atoi(type.c_str() + 8), std::atoi(type.c_str() + type.find(',') + 1)};
}

// The engine keeps the column's scale and cuts: the mean of the two middle values needs one more digit.
std::string median_of_decimals(const std::string& column, Decimal type) {
  const std::string wider = fmt::format("DECIMAL({},{})", std::min(type.width + 1, kWidthMax), type.scale);
  return fmt::format(
      "((CAST(quantile_disc({0}, 0.5) AS {1}) - CAST(quantile_disc(-{0}, 0.5) AS {1})) * CAST(0.5 AS DECIMAL(2,1)))",
      column, wider);
}

// Between two values as many more digits as the probability has say all. The engine interpolates in doubles, so three
// more are computed and rounded away.
std::string quantile_of_decimals(const std::string& column, Decimal type, double probability) {
  const auto number = parse_exact_number(fmt::format("{}", probability));
  const int digits = number ? static_cast<int>(number->fraction.size()) : kWidthMax;
  constexpr int kGuards = 3;
  if (type.width + digits + kGuards > kWidthMax) {
    return fmt::format("quantile_cont(CAST({} AS DOUBLE), {})", column, probability);
  }
  return fmt::format("CAST(quantile_cont(CAST({} AS DECIMAL({},{})), {}) AS DECIMAL({},{}))", column,
                     type.width + digits + kGuards, type.scale + digits + kGuards, probability, type.width + digits,
                     type.scale + digits);
}

// The engine adds 128-bit integers and wraps round in silence. Where the sum of the same values as doubles stays below
// what the type holds (a little below, for its own error) nothing wrapped.
std::string sum_fits(const std::string& column, Decimal type) {
  const std::string most = type.width > 0 ? fmt::format("9.99999e{}", 37 - type.scale) : "1.70141e38";
  return fmt::format("abs(sum(CAST({} AS DOUBLE))) < {}", column, most);
}

std::string wide_sum(const std::string& column, Decimal type) {
  return fmt::format("(CASE WHEN {} OR count({}) = 0 THEN sum({}) ELSE error('The sum has more than 38 digits.') END)",
                     sum_fits(column, type), column, column);
}

std::string wide_mean(const std::string& column, Decimal type) {
  return fmt::format("(CASE WHEN {} THEN avg({}) ELSE avg(CAST({} AS DOUBLE)) END)", sum_fits(column, type), column,
                     column);
}

// The sum of doubles may pass their range where the mean does not: then of values scaled down by a power of two.
std::string mean_of_doubles(const std::string& column) {
  return fmt::format(
      "(CASE WHEN isinf(avg({0})) AND isfinite(min({0})) AND isfinite(max({0})) "
      "THEN avg({0} * 5.421010862427522e-20) * 1.8446744073709552e19 ELSE avg({0}) END)",
      column);
}

// The variance of 64-bit integers from exact sums. With each value as high * 2^32 + low, n (n - 1) times the variance
// is 2^64 (n Σhigh² - (Σhigh)²) + 2^33 (n Σ(high low) - Σhigh Σlow) + n Σlow² - (Σlow)². Where the first part is small
// the parts may cancel and are added as integers; else doubles lose nothing that shows.
std::string variance_of_integers(const std::string& value) {
  const std::string high = fmt::format("({} >> 32)", value);
  const std::string low = fmt::format("({} & 4294967295)", value);
  const std::string low_unsigned = fmt::format("CAST({} AS UBIGINT)", low);
  const std::string n = fmt::format("CAST(count({}) AS HUGEINT)", value);
  const std::string highs = fmt::format("({0} * sum({1} * {1}) - sum({1}) * sum({1}))", n, high);
  const std::string mixed = fmt::format("({0} * sum({1} * {2}) - sum({1}) * sum({2}))", n, high, low);
  const std::string lows = fmt::format("({0} * sum({1} * {1}) - sum({1}) * sum({1}))", n, low_unsigned);
  const std::string squares = fmt::format(
      "CASE WHEN {0} < 1152921504606846976 "
      "THEN CAST({0} * CAST(18446744073709551616 AS HUGEINT) + {1} * CAST(8589934592 AS HUGEINT) + {2} AS DOUBLE) "
      "ELSE CAST({0} AS DOUBLE) * 1.8446744073709552e19 + CAST({1} AS DOUBLE) * 8589934592e0 + CAST({2} AS DOUBLE) END",
      highs, mixed, lows);
  return fmt::format("({} / nullif(CAST({} AS DOUBLE) * CAST({} - 1 AS DOUBLE), 0))", squares, n, n);
}

// Nothing where the engine's own is as good: of integers that doubles hold, and of what has no exact way.
std::string exact_spread(const std::string& column, const std::string& type, bool root) {
  const Decimal decimal = decimal_of(type);
  std::string value = column;
  if (decimal.width > 0 && decimal.width <= kWidth64) {
    const std::string unit = "1" + std::string(static_cast<std::size_t>(decimal.scale), '0');
    value = fmt::format("CAST(CAST({} AS DECIMAL(38,{})) * CAST({} AS DECIMAL({},0)) AS BIGINT)", column, decimal.scale,
                        unit, decimal.scale + 1);
  } else if (type != "BIGINT" && type != "UBIGINT") {
    return {};
  }
  const std::string variance = variance_of_integers(value);
  const std::string spread = root ? fmt::format("sqrt{}", variance) : variance;
  if (decimal.scale == 0) return spread;
  return fmt::format("({} / 1e{})", spread, root ? decimal.scale : 2 * decimal.scale);
}

}  // namespace

std::string measure_sql(const Measure& measure, const std::string& type, const ColumnNames& names) {
  if (measure.column.empty()) return "count(*)";
  const std::string column = names.sql(measure.column);
  const std::string_view name = measure_function_named(measure.function);
  const Decimal decimal = decimal_of(type);
  const bool wide = type == "HUGEINT" || decimal.width > kWidth64;
  if (name == "median" && decimal.width > 0) return median_of_decimals(column, decimal);
  if (name == "quantile" && decimal.width > 0) return quantile_of_decimals(column, decimal, measure.probability);
  if (name == "quantile") return fmt::format("quantile_cont({}, {})", column, measure.probability);
  if (name == "sum" && wide) return wide_sum(column, decimal);
  if (name == "mean" && wide) return wide_mean(column, decimal);
  if (name == "mean" && (type == "DOUBLE" || type == "FLOAT")) return mean_of_doubles(column);
  if (name == "std" || name == "variance") {
    if (std::string spread = exact_spread(column, type, name == "std"); !spread.empty()) return spread;
  }
  const auto* function = std::ranges::find(kFunctions, name, &Function::name);
  return fmt::format(fmt::runtime(function->sql), column);
}

}  // namespace canvasback
