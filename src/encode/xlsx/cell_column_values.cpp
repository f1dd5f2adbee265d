// Cells of bools, numbers and times.
#include <arrow/type_traits.h>
#include <arrow/util/float16.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "encode/xlsx/cell_column.hpp"
#include "encode/xlsx/limits.hpp"
#include "encode/xlsx/serial.hpp"

namespace canvasback::xlsx {
namespace {

constexpr std::size_t kDigitsMax = 15;

void append_bool(CellColumn& column, std::int64_t row, TextWriter& out) {
  const bool value = static_cast<const arrow::BooleanArray&>(*column.array).Value(row);
  out.append(value ? std::string_view("<c t=\"b\"><v>1</v></c>") : std::string_view("<c t=\"b\"><v>0</v></c>"));
}

std::string_view text_between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

template <class Integer>
void append_integer(CellColumn& column, std::int64_t row, TextWriter& out) {
  using Wide = std::conditional_t<std::is_signed_v<Integer>, std::int64_t, std::uint64_t>;
  const Wide value = value_at<Integer>(column, row);
  if constexpr (sizeof(Integer) == 8) {
    const std::uint64_t size = std::is_signed_v<Integer> && value < 0 ? 0 - static_cast<std::uint64_t>(value)
                                                                      : static_cast<std::uint64_t>(value);
    if (size > static_cast<std::uint64_t>(kIntegerExactMax)) {
      char digits[kIntegerChars + 1];
      column.note(Reason::IntegerAsText, row);
      return append_text_cell(column, row, text_between(digits, write_integer(digits, value)), out);
    }
  }
  append_value_cell<kIntegerChars>(column, out, [&](char* to) { return write_integer(to, value); });
}

// Excel's own form: "1E+16" and no ".0".
char* as_excel_writes(char* begin, char* end) {
  if (end - begin > 2 && end[-1] == '0' && end[-2] == '.') return end - 2;
  if (void* exponent = std::memchr(begin, 'e', static_cast<std::size_t>(end - begin)))
    *static_cast<char*>(exponent) = 'E';
  return end;
}

template <class Float>
Float float_at(const CellColumn& column, std::int64_t row) {
  if (column.array->type_id() == arrow::Type::HALF_FLOAT) {
    return static_cast<Float>(arrow::util::Float16::FromBits(value_at<std::uint16_t>(column, row)).ToFloat());
  }
  return value_at<Float>(column, row);
}

template <class Float>
void append_floating(CellColumn& column, std::int64_t row, TextWriter& out) {
  const Float value = float_at<Float>(column, row);
  const auto write = [&](char* to) {
    if constexpr (std::is_same_v<Float, float>) return write_float(to, value);
    return write_double(to, static_cast<double>(value));
  };
  const double size = std::abs(static_cast<double>(value));
  const bool tiny = size < std::numeric_limits<double>::min() && size > 0;
  if (!std::isfinite(value) || tiny) {
    char digits[kDoubleChars];
    column.note(tiny ? Reason::TinyAsText : Reason::NotFiniteAsText, row);
    return append_text_cell(column, row, text_between(digits, write(digits)), out);
  }
  append_value_cell<kDoubleChars>(column, out, [&](char* to) { return as_excel_writes(to, write(to)); });
}

// Digits between the first and the last that is not zero.
std::size_t significant_digits(std::string_view text) {
  std::size_t digits = 0;
  std::size_t zeros = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || (c == '0' && digits == 0)) continue;
    ++zeros;
    if (c == '0') continue;
    digits += zeros;
    zeros = 0;
  }
  return digits;
}

void append_decimal_text(CellColumn& column, std::int64_t row, std::string_view text, TextWriter& out) {
  // Whole numbers as integers are: by their size.
  const bool whole = column.scale <= 0;
  if (whole ? text.size() > kDigitsMax + (text[0] == '-' ? 1u : 0u) : significant_digits(text) > kDigitsMax) {
    column.note(whole ? Reason::IntegerAsText : Reason::DecimalAsText, row);
    return append_text_cell(column, row, text, out);
  }
  if (text.find('.') != std::string_view::npos) {
    while (text.back() == '0') text.remove_suffix(1);
    if (text.back() == '.') text.remove_suffix(1);
  }
  append_value_cell<kDecimalChars>(column, out, [&](char* to) {
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
  });
}

void append_small_decimal(CellColumn& column, std::int64_t row, std::int64_t value, TextWriter& out) {
  if (value > kIntegerExactMax || value < -kIntegerExactMax) {
    char digits[kDecimalChars];
    return append_decimal_text(column, row, text_between(digits, write_decimal64(digits, value, column.scale)), out);
  }
  int scale = column.scale;
  while (scale > 0 && value % 10 == 0) {
    value /= 10;
    --scale;
  }
  append_value_cell<kDecimalChars>(column, out, [&](char* to) { return write_decimal64(to, value, scale); });
}

template <class Integer>
void append_decimal(CellColumn& column, std::int64_t row, TextWriter& out) {
  append_small_decimal(column, row, value_at<Integer>(column, row), out);
}

void append_decimal128(CellColumn& column, std::int64_t row, TextWriter& out) {
  const auto limbs = value_at<std::array<std::uint64_t, 2>>(column, row);
  const auto low = static_cast<std::int64_t>(limbs[0]);
  const auto high = static_cast<std::int64_t>(limbs[1]);
  if (high == low >> 63) return append_small_decimal(column, row, low, out);
  char digits[kDecimalChars];
  append_decimal_text(column, row, text_between(digits, write_decimal128(digits, high, limbs[0], column.scale)), out);
}

void append_decimal256(CellColumn& column, std::int64_t row, TextWriter& out) {
  char digits[kDecimalChars];
  const auto limbs = value_at<std::array<std::uint64_t, 4>>(column, row);
  append_decimal_text(column, row, text_between(digits, write_decimal256(digits, limbs, column.scale)), out);
}

// Puts the serial number, or the text of what has none.
template <class Write, class WriteText>
void append_serial(CellColumn& column, std::int64_t row, TextWriter& out, Write write, WriteText write_text_form) {
  char* to = out.reserve(column.open.size() + kSerialChars + 8);
  std::memcpy(to, column.open.data(), column.open.size());
  to += column.open_size;
  char* end = write(to);
  if (end != to) {
    std::memcpy(end, "</v></c>", 8);
    return out.advance_to(end + 8);
  }
  char text[kTimestampChars];
  append_text_cell(column, row, text_between(text, write_text_form(text)), out);
}

template <class Integer>
void append_date(CellColumn& column, std::int64_t row, TextWriter& out) {
  const Integer value = value_at<Integer>(column, row);
  constexpr bool kMilliseconds = sizeof(Integer) == 8;
  constexpr std::int64_t kPerDay = kMilliseconds ? kSecondsPerDay * 1'000 : 1;
  const std::int64_t days = value / kPerDay - (value % kPerDay < 0 ? 1 : 0);
  append_serial(
      column, row, out, [&](char* to) { return write_serial_day(to, days); },
      [&](char* to) {
        column.note(Reason::DateAsText, row);
        if constexpr (kMilliseconds) return write_date_ms(to, value);
        return write_date(to, static_cast<std::int32_t>(value));
      });
}

void append_timestamp(CellColumn& column, std::int64_t row, TextWriter& out) {
  const auto value = value_at<std::int64_t>(column, row);
  bool in_range = true;
  append_serial(
      column, row, out, [&](char* to) { return write_serial(to, value, column.unit); },
      [&](char* to) {
        in_range = false;
        column.note(Reason::DateAsText, row);
        return write_timestamp(to, value, column.unit, column.utc);
      });
  if (in_range && !serial_is_exact(value, column.unit)) column.note(Reason::TimeRounded, row);
}

template <class Integer>
void append_time(CellColumn& column, std::int64_t row, TextWriter& out) {
  const std::int64_t value = value_at<Integer>(column, row);
  append_serial(
      column, row, out, [&](char* to) { return write_serial_time(to, value, column.unit); },
      [&](char* to) {
        column.note(Reason::TimeAsText, row);
        return write_time(to, value, column.unit);
      });
}

}  // namespace

CellColumn::Append number_cells(CellColumn& column) {
  switch (column.array->type_id()) {
    case arrow::Type::BOOL: return nullable<append_bool>(column);
    case arrow::Type::INT8: return nullable<append_integer<std::int8_t>>(column);
    case arrow::Type::INT16: return nullable<append_integer<std::int16_t>>(column);
    case arrow::Type::INT32: return nullable<append_integer<std::int32_t>>(column);
    case arrow::Type::INT64: return nullable<append_integer<std::int64_t>>(column);
    case arrow::Type::UINT8: return nullable<append_integer<std::uint8_t>>(column);
    case arrow::Type::UINT16: return nullable<append_integer<std::uint16_t>>(column);
    case arrow::Type::UINT32: return nullable<append_integer<std::uint32_t>>(column);
    case arrow::Type::UINT64: return nullable<append_integer<std::uint64_t>>(column);
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT: return nullable<append_floating<float>>(column);
    case arrow::Type::DOUBLE: return nullable<append_floating<double>>(column);
    case arrow::Type::DECIMAL32: return nullable<append_decimal<std::int32_t>>(column);
    case arrow::Type::DECIMAL64: return nullable<append_decimal<std::int64_t>>(column);
    case arrow::Type::DECIMAL128: return nullable<append_decimal128>(column);
    case arrow::Type::DECIMAL256: return nullable<append_decimal256>(column);
    default: return nullptr;
  }
}

CellColumn::Append time_cells(CellColumn& column) {
  switch (column.array->type_id()) {
    case arrow::Type::DATE32: return nullable<append_date<std::int32_t>>(column);
    case arrow::Type::DATE64: return nullable<append_date<std::int64_t>>(column);
    case arrow::Type::TIME32: return nullable<append_time<std::int32_t>>(column);
    case arrow::Type::TIME64: return nullable<append_time<std::int64_t>>(column);
    case arrow::Type::TIMESTAMP: return nullable<append_timestamp>(column);
    default: return nullptr;
  }
}

}  // namespace canvasback::xlsx
