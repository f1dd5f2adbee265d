#include "source/mysql/text_value.hpp"

#include <arrow/type_traits.h>
#include <arrow/util/decimal.h>

#include <charconv>
#include <cmath>
#include <string>

#include "base/exact_number.hpp"
#include "source/mysql/cell.hpp"

namespace canvasback {
namespace {

__extension__ typedef unsigned __int128 UnsignedInt128;

constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool store_bool(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  if (text != "0" && text != "1") return false;
  buffer.set_bit(row, text == "1");
  return true;
}

template <class Value>
bool store_integer(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  Value value{};
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) {
    // "12.00", "1e3".
    const auto number = parse_exact_number(text);
    if (!number || !number->fraction.empty()) return false;
    const std::string whole = number->text();
    std::tie(at, error) = [&] {
      const auto result = std::from_chars(whole.data(), whole.data() + whole.size(), value);
      return std::pair(result.ptr == whole.data() + whole.size() ? end : text.data(), result.ec);
    }();
    if (error != std::errc() || at != end) return false;
  }
  buffer.set(row, value);
  return true;
}

template <class Value>
bool store_floating(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  Value value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || !std::isfinite(value)) return false;
  buffer.set(row, value);
  return true;
}

// The digits of a number times 10^scale, without a sign and leading zeros; false where it has more of a fraction.
bool scaled_digits(std::string_view text, int scale, bool& negative, std::string& digits) {
  const auto number = parse_exact_number(text);
  if (!number || number->fraction.size() > static_cast<std::size_t>(scale)) return false;
  negative = number->negative;
  digits = number->whole + number->fraction;
  digits.append(static_cast<std::size_t>(scale) - number->fraction.size(), '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return true;
}

const arrow::DecimalType& decimal_of(const ColumnBuffer& buffer) {
  return static_cast<const arrow::DecimalType&>(*buffer.type());
}

Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

bool store_decimal128(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  const arrow::DecimalType& type = decimal_of(buffer);
  Int128 value = 0;
  if (!parse_decimal(text, type.scale(), value)) {
    bool negative = false;
    std::string digits;
    if (!scaled_digits(text, type.scale(), negative, digits) || digits.size() > 38) return false;
    for (char c : digits) value = value * 10 + (c - '0');
    if (negative) value = -value;
  }
  const Int128 bound = power_of_ten(type.precision());
  if (value >= bound || value <= -bound) return false;
  buffer.set(row, value);
  return true;
}

bool store_decimal256(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  const arrow::DecimalType& type = decimal_of(buffer);
  bool negative = false;
  std::string digits;
  if (!scaled_digits(text, type.scale(), negative, digits)) return false;
  if (digits.size() > static_cast<std::size_t>(type.precision())) return false;
  auto value = arrow::Decimal256::FromString((negative ? "-" : "") + (digits.empty() ? "0" : digits));
  if (!value.ok()) return false;
  buffer.set(row, value->little_endian_array());
  return true;
}

bool store_date(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  MysqlMoment moment;
  if (!parse_moment(text, moment) || !moment.is_possible()) return false;
  if (moment.hour != 0 || moment.minute != 0 || moment.second != 0 || moment.microsecond != 0) return false;
  buffer.set(row, moment.days_since_epoch());
  return true;
}

bool store_timestamp(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  MysqlMoment moment;
  if (!parse_moment(text, moment) || !moment.is_possible()) return false;
  buffer.set(row, moment.microseconds_since_epoch());
  return true;
}

bool store_time(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  MysqlSpan span;
  if (!parse_span(text, span)) return false;
  const std::int64_t seconds = std::int64_t{span.hours} * 3600 + span.minute * 60 + span.second;
  const std::int64_t microseconds = seconds * 1'000'000 + span.microsecond;
  if ((span.negative && microseconds != 0) || microseconds >= kMicrosecondsPerDay) return false;
  buffer.set(row, microseconds);
  return true;
}

bool store_bytes(ColumnBuffer& buffer, std::string_view text, std::int64_t row) {
  return buffer.set_bytes(row, text.data(), text.size());
}

struct PlainDigits {
  int significant = 0;  // without leading zeros
  int fraction = -1;    // digits of it; -1: there is no point
};

// As wide as the digits need: 128 bits cost several times as much.
constexpr std::size_t kDigitsOf64Bits = 19;

template <class Number>
bool accumulate(std::string_view text, Number& number, PlainDigits& digits) {
  for (char c : text) {
    if (is_digit(c)) {
      number = number * 10 + static_cast<unsigned>(c - '0');
      if (number != 0) ++digits.significant;
      if (digits.fraction >= 0) ++digits.fraction;
    } else if (c == '.' && digits.fraction < 0) {
      digits.fraction = 0;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

bool parse_decimal(std::string_view text, int scale, Int128& value) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text == "." || text.size() > 40) return false;
  UnsignedInt128 number = 0;
  PlainDigits digits;
  if (text.size() <= kDigitsOf64Bits) {
    std::uint64_t small = 0;
    if (!accumulate(text, small, digits)) return false;
    number = small;
  } else if (!accumulate(text, number, digits)) {
    return false;
  }
  const int missing = scale - std::max(digits.fraction, 0);
  if (missing < 0 || digits.significant + missing > 38) return false;
  for (int i = 0; i < missing; ++i) number *= 10;
  value = static_cast<Int128>(number);
  if (negative) value = -value;
  return true;
}

StoreText store_text_for(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL: return store_bool;
    case arrow::Type::INT8: return store_integer<std::int8_t>;
    case arrow::Type::INT16: return store_integer<std::int16_t>;
    case arrow::Type::INT32: return store_integer<std::int32_t>;
    case arrow::Type::INT64: return store_integer<std::int64_t>;
    case arrow::Type::UINT8: return store_integer<std::uint8_t>;
    case arrow::Type::UINT16: return store_integer<std::uint16_t>;
    case arrow::Type::UINT32: return store_integer<std::uint32_t>;
    case arrow::Type::UINT64: return store_integer<std::uint64_t>;
    case arrow::Type::FLOAT: return store_floating<float>;
    case arrow::Type::DOUBLE: return store_floating<double>;
    case arrow::Type::DECIMAL128: return store_decimal128;
    case arrow::Type::DECIMAL256: return store_decimal256;
    case arrow::Type::DATE32: return store_date;
    case arrow::Type::TIMESTAMP: return store_timestamp;
    case arrow::Type::TIME64: return store_time;
    default: return store_bytes;
  }
}

}  // namespace canvasback
