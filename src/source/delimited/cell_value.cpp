#include "source/delimited/cell_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "source/delimited/cell_form.hpp"
#include "source/delimited/time_text.hpp"

namespace canvasback::delimited {
namespace {

__extension__ typedef unsigned __int128 Unsigned128;

constexpr int kDecimalDigitsMax = 38;
constexpr std::int64_t kMicroseconds = 1'000'000;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

ValueType integer_type(std::string_view sql, int bits, bool is_signed) {
  std::shared_ptr<arrow::DataType> type;
  switch (bits) {
    case 8: type = is_signed ? arrow::int8() : arrow::uint8(); break;
    case 16: type = is_signed ? arrow::int16() : arrow::uint16(); break;
    case 32: type = is_signed ? arrow::int32() : arrow::uint32(); break;
    default: type = is_signed ? arrow::int64() : arrow::uint64(); break;
  }
  return {ValueKind::Integer, std::string(sql), std::move(type), bits, is_signed, 0, 0};
}

ValueType simple_type(ValueKind kind, std::string_view sql, std::shared_ptr<arrow::DataType> type) {
  return {kind, std::string(sql), std::move(type), 64, true, 0, 0};
}

std::optional<ValueType> named_type(std::string_view name) {
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is({"varchar", "text", "string"})) return simple_type(ValueKind::Text, "VARCHAR", arrow::utf8());
  if (is({"boolean", "bool"})) return simple_type(ValueKind::Bool, "BOOLEAN", arrow::boolean());
  if (is({"tinyint"})) return integer_type("TINYINT", 8, true);
  if (is({"smallint"})) return integer_type("SMALLINT", 16, true);
  if (is({"integer", "int"})) return integer_type("INTEGER", 32, true);
  if (is({"bigint"})) return integer_type("BIGINT", 64, true);
  if (is({"utinyint"})) return integer_type("UTINYINT", 8, false);
  if (is({"usmallint"})) return integer_type("USMALLINT", 16, false);
  if (is({"uinteger"})) return integer_type("UINTEGER", 32, false);
  if (is({"ubigint"})) return integer_type("UBIGINT", 64, false);
  if (is({"float", "real"})) return simple_type(ValueKind::Float, "FLOAT", arrow::float32());
  if (is({"double", "double precision"})) return simple_type(ValueKind::Double, "DOUBLE", arrow::float64());
  if (is({"date"})) return simple_type(ValueKind::Date, "DATE", arrow::date32());
  if (is({"time"})) return simple_type(ValueKind::Time, "TIME", arrow::time64(arrow::TimeUnit::MICRO));
  if (is({"timestamp", "datetime"})) {
    return simple_type(ValueKind::Timestamp, "TIMESTAMP", arrow::timestamp(arrow::TimeUnit::MICRO));
  }
  if (is({"timestamp_ns"})) {
    return simple_type(ValueKind::NanoTimestamp, "TIMESTAMP_NS", arrow::timestamp(arrow::TimeUnit::NANO));
  }
  if (is({"timestamp with time zone", "timestamptz"})) {
    return simple_type(ValueKind::Instant, "TIMESTAMP WITH TIME ZONE", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
  }
  return std::nullopt;
}

// "decimal(12,2)", "numeric(12, 2)", "decimal(12)".
std::optional<ValueType> decimal_type(std::string_view name) {
  const std::size_t open = name.find('(');
  if (open == std::string_view::npos || !name.ends_with(')')) return std::nullopt;
  const std::string_view word = trim(name.substr(0, open));
  if (word != "decimal" && word != "numeric") return std::nullopt;
  const std::vector<std::string> numbers = split(name.substr(open + 1, name.size() - open - 2), ',');
  if (numbers.empty() || numbers.size() > 2) return std::nullopt;
  const auto precision = parse_integer(trim(numbers[0]), "precision", 1, kDecimalDigitsMax);
  if (!precision) return std::nullopt;
  Result<std::int64_t> scale = 0;
  if (numbers.size() == 2) scale = parse_integer(trim(numbers[1]), "scale", 0, *precision);
  if (!scale) return std::nullopt;
  const int p = static_cast<int>(*precision);
  const int s = static_cast<int>(*scale);
  return ValueType{ValueKind::Decimal, fmt::format("DECIMAL({},{})", p, s), arrow::decimal128(p, s), 128, true, p, s};
}

// Digits, a point, digits: the number times 10^scale. Idle zeros behind the point may go beyond the scale.
std::optional<Unsigned128> scaled(std::string_view digits, const ValueType& type, char decimal, bool exact_scale) {
  const std::size_t point = std::min(digits.find(decimal), digits.size());
  std::string_view fraction = point < digits.size() ? digits.substr(point + 1) : std::string_view();
  if (exact_scale && fraction.size() != static_cast<std::size_t>(type.scale)) return std::nullopt;
  while (fraction.size() > static_cast<std::size_t>(type.scale)) {
    if (fraction.back() != '0') return std::nullopt;
    fraction.remove_suffix(1);
  }
  Unsigned128 value = 0;
  int places = 0;
  const auto take = [&](char c) {
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value != 0) ++places;
    return places <= type.precision;
  };
  for (const char c : digits.substr(0, point)) {
    if (!take(c)) return std::nullopt;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(type.scale); ++i) {
    if (!take(i < fraction.size() ? fraction[i] : '0')) return std::nullopt;
  }
  return value;
}

bool is_plain_number(std::string_view digits, char decimal) {
  return std::ranges::all_of(digits, [&](char c) { return is_digit(c) || c == decimal; });
}

// With a format told, columns of a told type have it alone; of the others all cells do, or none does
// (column_types.cpp).
std::optional<PointInTime> point_of(std::string_view text, const CellRules& rules) {
  if (!rules.date_format.empty()) {
    const auto point = parse_in_format(text, rules.date_format);
    if (point || rules.told) return point;
  }
  return parse_point_in_time(text);
}

bool may_be_real(std::string_view text, const CellRules& rules) {
  const auto form = [&] { return form_of(text, rules.decimal).form; };
  if (rules.told) return is_number_text(text, rules.decimal) || form() == CellForm::NotFinite;
  switch (form()) {
    case CellForm::Integer:
    case CellForm::Fraction:
    case CellForm::NegativeZero:
    case CellForm::Exponent:
    case CellForm::NotFinite: return true;
    default: return false;
  }
}

}  // namespace

Result<ValueType> value_type_from(std::string_view sql) {
  const std::string name = lower(trim(sql));
  if (auto type = named_type(name)) return *type;
  if (auto type = decimal_type(name)) return *type;
  return fail(ErrorCode::InvalidData,
              fmt::format("A column of a CSV file cannot have the type \"{}\": it is VARCHAR, BOOLEAN, an integer "
                          "type, FLOAT, DOUBLE, DECIMAL(p,s), DATE, TIME, TIMESTAMP, TIMESTAMP_NS or TIMESTAMPTZ.",
                          sql.substr(0, 64)));
}

std::optional<bool> bool_of(std::string_view text, const CellRules& rules) {
  if (text.size() > 5) return std::nullopt;
  if (!rules.told) {
    const CellForm form = form_of(text, rules.decimal).form;
    using enum CellForm;
    if (form != LowerBool && form != CapitalBool && form != UpperBool) return std::nullopt;
    return text[0] == 't' || text[0] == 'T';
  }
  const std::string word = lower(text);
  for (std::string_view yes : {"true", "t", "yes", "y", "1"}) {
    if (word == yes) return true;
  }
  for (std::string_view no : {"false", "f", "no", "n", "0"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> integer_of(std::string_view text, const ValueType& type, const CellRules& rules) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative ? 1 : 0);
  if (rules.told && !negative && digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || !is_digit(digits[0])) return std::nullopt;
  if (!rules.told && digits[0] == '0' && (digits.size() > 1 || negative)) return std::nullopt;
  std::uint64_t magnitude = 0;
  if (digits.size() <= 18) {
    for (const char c : digits) {
      if (!is_digit(c)) return std::nullopt;
      magnitude = magnitude * 10 + static_cast<std::uint64_t>(c - '0');
    }
  } else {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  }
  if (!type.is_signed) {
    if (negative && magnitude > 0) return std::nullopt;
    if (type.bits < 64 && magnitude >> type.bits != 0) return std::nullopt;
    return magnitude;
  }
  const std::uint64_t max = (std::uint64_t{1} << (type.bits - 1)) - (negative ? 0 : 1);
  if (magnitude > max) return std::nullopt;
  return negative ? ~magnitude + 1 : magnitude;
}

std::optional<double> double_value_of(std::string_view text, const CellRules& rules) {
  if (!may_be_real(text, rules)) return std::nullopt;
  const std::optional<double> value = double_of(text, rules.decimal);
  if (value && rules.told && is_other_integer(text, rules.decimal, *value)) return std::nullopt;
  return value;
}

std::optional<float> float_value_of(std::string_view text, const CellRules& rules) {
  if (!may_be_real(text, rules)) return std::nullopt;
  const std::optional<float> value = float_of(text, rules.decimal);
  if (value && is_other_integer(text, rules.decimal, *value)) return std::nullopt;
  return value;
}

std::optional<Wide> decimal_of(std::string_view text, const ValueType& type, const CellRules& rules) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative ? 1 : 0);
  if (rules.told && !negative && digits.starts_with('+')) digits.remove_prefix(1);
  if (!rules.told && digits.size() > 1 && digits[0] == '0' && digits[1] != rules.decimal) return std::nullopt;
  if (digits.empty() || !is_digit(digits[0]) || !is_plain_number(digits, rules.decimal)) return std::nullopt;
  if (std::ranges::count(digits, rules.decimal) > 1 || digits.back() == rules.decimal) return std::nullopt;
  const std::optional<Unsigned128> magnitude = scaled(digits, type, rules.decimal, !rules.told);
  if (!magnitude) return std::nullopt;
  if (!rules.told && negative && *magnitude == 0) return std::nullopt;
  const auto value = negative ? ~*magnitude + 1 : *magnitude;
  return Wide{static_cast<std::uint64_t>(value), static_cast<std::int64_t>(static_cast<std::uint64_t>(value >> 64))};
}

std::optional<std::int32_t> date_of(std::string_view text, const CellRules& rules) {
  if (!rules.date_format.empty()) {
    const auto point = parse_in_format(text, rules.date_format);
    if (point && point->seconds % 86'400 == 0) return static_cast<std::int32_t>(point->seconds / 86'400);
    if (rules.told) return std::nullopt;
  }
  return parse_date(text);
}

std::optional<std::int64_t> time_of(std::string_view text, const CellRules&) {
  const std::optional<TimeOfDay> time = parse_time(text);
  if (!time || time->nanoseconds % 1000 != 0) return std::nullopt;
  return time->seconds * kMicroseconds + time->nanoseconds / 1000;
}

std::optional<std::int64_t> timestamp_of(std::string_view text, const ValueType& type, const CellRules& rules) {
  std::optional<PointInTime> point = point_of(text, rules);
  if (!point && rules.told && rules.date_format.empty()) {
    // A day is its first moment, where someone said that it is a timestamp.
    if (const auto days = parse_date(text)) point = PointInTime{*days * std::int64_t{86'400}, 0, 0, false};
  }
  if (!point) return std::nullopt;
  const bool instant = type.kind == ValueKind::Instant;
  if (instant != point->has_zone && !(instant && rules.told)) return std::nullopt;
  if (type.kind == ValueKind::NanoTimestamp) {
    if (!fits_nanoseconds(*point)) return std::nullopt;
    return point->seconds * kNanoseconds + point->nanoseconds;
  }
  if (point->nanoseconds % 1000 != 0) return std::nullopt;
  return point->seconds * kMicroseconds + point->nanoseconds / 1000;
}

bool fits(std::string_view text, const ValueType& type, const CellRules& rules) {
  switch (type.kind) {
    case ValueKind::Text: return true;
    case ValueKind::Bool: return bool_of(text, rules).has_value();
    case ValueKind::Integer: return integer_of(text, type, rules).has_value();
    case ValueKind::Float: return float_value_of(text, rules).has_value();
    case ValueKind::Double: return double_value_of(text, rules).has_value();
    case ValueKind::Decimal: return decimal_of(text, type, rules).has_value();
    case ValueKind::Date: return date_of(text, rules).has_value();
    case ValueKind::Time: return time_of(text, rules).has_value();
    case ValueKind::Timestamp:
    case ValueKind::NanoTimestamp:
    case ValueKind::Instant: return timestamp_of(text, type, rules).has_value();
  }
  return false;
}

}  // namespace canvasback::delimited
