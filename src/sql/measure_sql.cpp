#include "sql/measure_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/exact_number.hpp"
#include "record/column_type.hpp"
#include "sql/decimal_type.hpp"

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

constexpr int kWidth64 = 18;  // decimals of so many digits fit 64 bits

// The engine keeps the column's scale and cuts: the mean of the two middle values needs one more digit.
std::string median_of_decimals(const std::string& column, DecimalType type) {
  const std::string wider = fmt::format("DECIMAL({},{})", std::min(type.width + 1, kDecimalDigitsMax), type.scale);
  return fmt::format(
      "((CAST(quantile_disc({0}, 0.5) AS {1}) - CAST(quantile_disc(-{0}, 0.5) AS {1})) * CAST(0.5 AS DECIMAL(2,1)))",
      column, wider);
}

// Between two neighbours, in the order of the values, by decimals alone. `digits`: of the probability behind its point;
// `width`: of decimals that hold the values and their differences in 128 bits, which the engine counts in only then.
std::string quantile_between(const std::string& column, DecimalType type, const ExactNumber& probability, int digits,
                             int width) {
  const std::string values = fmt::format("(list({0} ORDER BY {0}) FILTER (WHERE {0} IS NOT NULL))", column);
  const std::string power = "1" + std::string(static_cast<std::size_t>(digits), '0');
  // How far along the neighbours it is, in units of the probability's last digit.
  const std::string place =
      fmt::format("(CAST(count({}) - 1 AS HUGEINT) * {}{})", column, probability.whole, probability.fraction);
  const std::string first = fmt::format("CAST({} // {} AS BIGINT) + 1", place, power);
  const std::string share =
      fmt::format("CAST(CAST({0} % {1} AS DECIMAL({2},0)) * CAST('1e-{3}' AS DECIMAL({2},{3})) AS DECIMAL({2},{3}))",
                  place, power, digits + 1, digits);
  const auto value = [&](const std::string& at) {
    return fmt::format("CAST({}[{}] AS DECIMAL({},{}))", values, at, width, type.scale);
  };
  return fmt::format(
      "(CASE WHEN count({}) = 0 THEN NULL WHEN {} % {} = 0 THEN CAST({} AS DECIMAL({},{})) "
      "ELSE CAST({} + ({} - {}) * {} AS DECIMAL({},{})) END)",
      column, place, power, value(first), type.width + digits, type.scale + digits, value(first), value(first + " + 1"),
      value(first), share, type.width + digits, type.scale + digits);
}

// Between two values as many more digits as the probability has say all.
std::string quantile_of_decimals(const std::string& column, DecimalType type, double probability) {
  if (probability == 0) return fmt::format("min({})", column);
  if (probability == 1) return fmt::format("max({})", column);
  const auto number = parse_exact_number(fmt::format("{}", probability));
  const int digits = number ? static_cast<int>(number->fraction.size()) : kDecimalDigitsMax;
  // The engine interpolates in doubles: three more digits are computed and rounded away, where a double has them all.
  constexpr int kGuards = 3;
  constexpr int kDoubleDigits = 15;
  const int width = std::max(type.width, kWidth64) + 1;
  if (!number || width + digits + 2 > kDecimalDigitsMax) {
    return fmt::format("quantile_cont(CAST({} AS DOUBLE), {})", column, probability);
  }
  if (type.width + digits + kGuards > kDoubleDigits) return quantile_between(column, type, *number, digits, width);
  return fmt::format("CAST(quantile_cont(CAST({} AS DECIMAL({},{})), {}) AS DECIMAL({},{}))", column,
                     type.width + digits + kGuards, type.scale + digits + kGuards, probability, type.width + digits,
                     type.scale + digits);
}

// The engine adds 128-bit integers and wraps round in silence. Where the sum of the same values as doubles stays below
// what the type holds (a little below, for its own error) nothing wrapped.
std::string sum_fits(const std::string& column, DecimalType type) {
  const std::string most = type.width > 0 ? fmt::format("9.99999e{}", 37 - type.scale) : "1.70141e38";
  return fmt::format("abs(sum(CAST({} AS DOUBLE))) < {}", column, most);
}

std::string wide_sum(const std::string& column, DecimalType type) {
  return fmt::format("(CASE WHEN {} OR count({}) = 0 THEN sum({}) ELSE error('The sum has more than 38 digits.') END)",
                     sum_fits(column, type), column, column);
}

std::string wide_mean(const std::string& column, DecimalType type) {
  return fmt::format("(CASE WHEN {} THEN avg({}) ELSE avg(CAST({} AS DOUBLE)) END)", sum_fits(column, type), column,
                     column);
}

// Standard deviation and variance by functions of the engine's home (engine/duckdb/number_aggregates.hpp): of what
// doubles hold as doubles, of the rest as integers, decimals in units of their last digit. Nothing for other types.
std::string spread(const std::string& column, const std::string& type, std::string_view name) {
  const DecimalType decimal = decimal_type(type);
  if (decimal.width > 0) {
    const std::string units =
        fmt::format("integer_{}(CAST({} AS DECIMAL({},{})))", name, column, kDecimalDigitsMax, decimal.scale);
    if (decimal.scale == 0) return units;
    return fmt::format("({} / 1e{})", units, name == "std" ? decimal.scale : 2 * decimal.scale);
  }
  if (type == "BIGINT" || type == "UBIGINT" || type == "HUGEINT") {
    return fmt::format("integer_{}(CAST({} AS HUGEINT))", name, column);
  }
  return is_number_type(type) ? fmt::format("spread_{}(CAST({} AS DOUBLE))", name, column) : std::string();
}

}  // namespace

std::string measure_sql(const Measure& measure, const std::string& type, const ColumnNames& names) {
  if (measure.column.empty()) return "count(*)";
  const std::string column = names.sql(measure.column);
  const std::string_view name = measure_function_named(measure.function);
  const DecimalType decimal = decimal_type(type);
  const bool wide = type == "HUGEINT" || decimal.width > kWidth64;
  if (name == "median" && decimal.width > 0) return median_of_decimals(column, decimal);
  if (name == "quantile" && decimal.width > 0) return quantile_of_decimals(column, decimal, measure.probability);
  if (name == "quantile") return fmt::format("quantile_cont({}, {})", column, measure.probability);
  if (name == "sum" && wide) return wide_sum(column, decimal);
  if (name == "mean" && wide) return wide_mean(column, decimal);
  if ((name == "sum" || name == "mean") && (type == "DOUBLE" || type == "FLOAT")) {
    return fmt::format("compensated_{}(CAST({} AS DOUBLE))", name, column);
  }
  if (name == "std" || name == "variance") {
    if (std::string sql = spread(column, type, name); !sql.empty()) return sql;
  }
  const auto* function = std::ranges::find(kFunctions, name, &Function::name);
  return fmt::format(fmt::runtime(function->sql), column);
}

}  // namespace canvasback
