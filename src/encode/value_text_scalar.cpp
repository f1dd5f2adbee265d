// The types of one value: numbers, text, bytes, dates and times.
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>

#include <cmath>
#include <concepts>
#include <cstring>
#include <type_traits>

#include "base/text.hpp"
#include "encode/value_text.hpp"

namespace canvasback {
namespace {

using Dialect = TextStyle::Dialect;

template <class Value>
Value value_at(const ValueText& column, std::int64_t row) {
  Value value;
  std::memcpy(&value, column.values + row * static_cast<std::int64_t>(sizeof(Value)), sizeof value);
  return value;
}

// `Write` says how one value that is not null becomes text; this adds the nulls.
template <Dialect D, void (*Write)(const ValueText&, std::int64_t, TextWriter&)>
void append_or_null(const ValueText& column, std::int64_t row, TextWriter& out) {
  if (column.is_null(row)) {
    if constexpr (D == Dialect::Json) out.append(std::string_view("null"));
    return;
  }
  Write(column, row, out);
}

// `write` puts at most `Chars` bytes at a place and returns their end.
template <std::size_t Chars, class Write>
void append_plain(TextWriter& out, Write write) {
  out.advance_to(write(out.reserve(Chars)));
}
template <std::size_t Chars, class Write>
void append_quoted(TextWriter& out, Write write) {
  char* position = out.reserve(Chars + 2);
  *position++ = '"';
  position = write(position);
  *position++ = '"';
  out.advance_to(position);
}
// Text without a special character: JSON quotes it, CSV does not.
template <Dialect D, std::size_t Chars, class Write>
void append_word(TextWriter& out, Write write) {
  if constexpr (D == Dialect::Json) {
    append_quoted<Chars>(out, write);
  } else {
    append_plain<Chars>(out, write);
  }
}

template <Dialect D>
void append_nothing(const ValueText&, std::int64_t, TextWriter& out) {
  if constexpr (D == Dialect::Json) out.append(std::string_view("null"));
}

void append_bool(const ValueText& column, std::int64_t row, TextWriter& out) {
  const bool value = static_cast<const arrow::BooleanArray&>(*column.array).Value(row);
  out.append(value ? std::string_view("true") : std::string_view("false"));
}

// Whether a reader that knows doubles alone still gets exactly this integer.
template <class Integer>
bool fits_double(Integer value) {
  if constexpr (sizeof(Integer) < 8) {
    return true;
  } else {
    constexpr Integer kLimit = Integer{1} << 53;
    return value <= kLimit && (std::unsigned_integral<Integer> || value >= Integer{0} - kLimit);
  }
}

template <Dialect D, class Integer>
void append_integer(const ValueText& column, std::int64_t row, TextWriter& out) {
  using Wide = std::conditional_t<std::is_signed_v<Integer>, std::int64_t, std::uint64_t>;
  const auto value = value_at<Integer>(column, row);
  const auto write = [&](char* to) { return write_integer(to, Wide{value}); };
  if constexpr (D == Dialect::Json) {
    if (!fits_double(value) && column.style.numbers_exact) return append_quoted<kIntegerChars>(out, write);
  }
  append_plain<kIntegerChars>(out, write);
}

template <Dialect D, class Float>
void append_floating(const ValueText& column, std::int64_t row, TextWriter& out) {
  Float value;
  if constexpr (std::is_same_v<Float, float>) {
    if (column.array->type_id() == arrow::Type::HALF_FLOAT) {
      value = arrow::util::Float16::FromBits(value_at<std::uint16_t>(column, row)).ToFloat();
    } else {
      value = value_at<float>(column, row);
    }
  } else {
    value = value_at<double>(column, row);
  }
  const auto write = [&](char* to) {
    if constexpr (std::is_same_v<Float, float>) return write_float(to, value);
    return write_double(to, value);
  };
  if (std::isfinite(value)) return append_plain<kDoubleChars>(out, write);
  append_word<D, kDoubleChars>(out, write);
}

template <class Integer>
char* write_decimal(char* out, const ValueText& column, std::int64_t row) {
  return write_decimal64(out, value_at<Integer>(column, row), column.scale);
}
template <>
char* write_decimal<arrow::Decimal128>(char* out, const ValueText& column, std::int64_t row) {
  const auto limbs = value_at<std::array<std::uint64_t, 2>>(column, row);
  return write_decimal128(out, static_cast<std::int64_t>(limbs[1]), limbs[0], column.scale);
}
template <>
char* write_decimal<arrow::Decimal256>(char* out, const ValueText& column, std::int64_t row) {
  return write_decimal256(out, value_at<std::array<std::uint64_t, 4>>(column, row), column.scale);
}

template <Dialect D, class Value>
void append_decimal(const ValueText& column, std::int64_t row, TextWriter& out) {
  const auto write = [&](char* to) { return write_decimal<Value>(to, column, row); };
  if constexpr (D == Dialect::Json) {
    if (column.style.numbers_exact) return append_quoted<kDecimalChars>(out, write);
  }
  append_plain<kDecimalChars>(out, write);
}

template <Dialect D, class Array>
void append_text(const ValueText& column, std::int64_t row, TextWriter& out) {
  const std::string_view text = static_cast<const Array&>(*column.array).GetView(row);
  if constexpr (D == Dialect::Json) {
    write_json_string(out, text);
  } else {
    write_csv_string(out, text);
  }
}

template <Dialect D, class Array>
void append_binary(const ValueText& column, std::int64_t row, TextWriter& out) {
  const std::string text = base64_encode(static_cast<const Array&>(*column.array).GetView(row));
  const bool quoted = D == Dialect::Json || text.empty();
  if (quoted) out.append('"');
  out.append(text);
  if (quoted) out.append('"');
}

template <Dialect D>
void append_date(const ValueText& column, std::int64_t row, TextWriter& out) {
  append_word<D, kDateChars>(out, [&](char* to) { return write_date(to, value_at<std::int32_t>(column, row)); });
}
template <Dialect D>
void append_date_ms(const ValueText& column, std::int64_t row, TextWriter& out) {
  append_word<D, kDateChars>(out, [&](char* to) { return write_date_ms(to, value_at<std::int64_t>(column, row)); });
}
template <Dialect D, class Integer>
void append_time(const ValueText& column, std::int64_t row, TextWriter& out) {
  append_word<D, kTimeChars>(out,
                             [&](char* to) { return write_time(to, value_at<Integer>(column, row), column.unit); });
}
template <Dialect D>
void append_timestamp(const ValueText& column, std::int64_t row, TextWriter& out) {
  append_word<D, kTimestampChars>(
      out, [&](char* to) { return write_timestamp(to, value_at<std::int64_t>(column, row), column.unit, column.utc); });
}
template <Dialect D>
void append_duration(const ValueText& column, std::int64_t row, TextWriter& out) {
  append_word<D, kIntervalChars>(
      out, [&](char* to) { return write_duration(to, value_at<std::int64_t>(column, row), column.unit); });
}
template <Dialect D, class Interval>
void append_interval(const ValueText& column, std::int64_t row, TextWriter& out) {
  const auto interval = value_at<Interval>(column, row);
  append_word<D, kIntervalChars>(out, [&](char* to) {
    if constexpr (std::is_same_v<Interval, std::int32_t>) {
      return write_interval(to, interval, 0, 0);
    } else if constexpr (std::is_same_v<Interval, arrow::DayTimeIntervalType::DayMilliseconds>) {
      return write_interval(to, 0, interval.days, std::int64_t{interval.milliseconds} * 1'000'000);
    } else {
      return write_interval(to, interval.months, interval.days, interval.nanoseconds);
    }
  });
}

template <Dialect D>
ValueText::Append number_append(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::INT8: return append_or_null<D, append_integer<D, std::int8_t>>;
    case arrow::Type::INT16: return append_or_null<D, append_integer<D, std::int16_t>>;
    case arrow::Type::INT32: return append_or_null<D, append_integer<D, std::int32_t>>;
    case arrow::Type::INT64: return append_or_null<D, append_integer<D, std::int64_t>>;
    case arrow::Type::UINT8: return append_or_null<D, append_integer<D, std::uint8_t>>;
    case arrow::Type::UINT16: return append_or_null<D, append_integer<D, std::uint16_t>>;
    case arrow::Type::UINT32: return append_or_null<D, append_integer<D, std::uint32_t>>;
    case arrow::Type::UINT64: return append_or_null<D, append_integer<D, std::uint64_t>>;
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT: return append_or_null<D, append_floating<D, float>>;
    case arrow::Type::DOUBLE: return append_or_null<D, append_floating<D, double>>;
    case arrow::Type::DECIMAL32: return append_or_null<D, append_decimal<D, std::int32_t>>;
    case arrow::Type::DECIMAL64: return append_or_null<D, append_decimal<D, std::int64_t>>;
    case arrow::Type::DECIMAL128: return append_or_null<D, append_decimal<D, arrow::Decimal128>>;
    case arrow::Type::DECIMAL256: return append_or_null<D, append_decimal<D, arrow::Decimal256>>;
    default: return nullptr;
  }
}

template <Dialect D>
ValueText::Append time_append(arrow::Type::type id) {
  using DayMilliseconds = arrow::DayTimeIntervalType::DayMilliseconds;
  using MonthDayNanos = arrow::MonthDayNanoIntervalType::MonthDayNanos;
  switch (id) {
    case arrow::Type::DATE32: return append_or_null<D, append_date<D>>;
    case arrow::Type::DATE64: return append_or_null<D, append_date_ms<D>>;
    case arrow::Type::TIME32: return append_or_null<D, append_time<D, std::int32_t>>;
    case arrow::Type::TIME64: return append_or_null<D, append_time<D, std::int64_t>>;
    case arrow::Type::TIMESTAMP: return append_or_null<D, append_timestamp<D>>;
    case arrow::Type::DURATION: return append_or_null<D, append_duration<D>>;
    case arrow::Type::INTERVAL_MONTHS: return append_or_null<D, append_interval<D, std::int32_t>>;
    case arrow::Type::INTERVAL_DAY_TIME: return append_or_null<D, append_interval<D, DayMilliseconds>>;
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: return append_or_null<D, append_interval<D, MonthDayNanos>>;
    default: return nullptr;
  }
}

template <Dialect D>
ValueText::Append other_append(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::NA: return append_nothing<D>;
    case arrow::Type::BOOL: return append_or_null<D, append_bool>;
    case arrow::Type::STRING: return append_or_null<D, append_text<D, arrow::StringArray>>;
    case arrow::Type::LARGE_STRING: return append_or_null<D, append_text<D, arrow::LargeStringArray>>;
    case arrow::Type::STRING_VIEW: return append_or_null<D, append_text<D, arrow::StringViewArray>>;
    case arrow::Type::BINARY: return append_or_null<D, append_binary<D, arrow::BinaryArray>>;
    case arrow::Type::LARGE_BINARY: return append_or_null<D, append_binary<D, arrow::LargeBinaryArray>>;
    case arrow::Type::BINARY_VIEW: return append_or_null<D, append_binary<D, arrow::BinaryViewArray>>;
    case arrow::Type::FIXED_SIZE_BINARY: return append_or_null<D, append_binary<D, arrow::FixedSizeBinaryArray>>;
    default: return nullptr;
  }
}

template <Dialect D>
ValueText::Append scalar_append(arrow::Type::type id) {
  if (auto append = number_append<D>(id)) return append;
  if (auto append = time_append<D>(id)) return append;
  return other_append<D>(id);
}

TimeUnit unit_from(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return TimeUnit::Second;
    case arrow::TimeUnit::MILLI: return TimeUnit::Millisecond;
    case arrow::TimeUnit::MICRO: return TimeUnit::Microsecond;
    case arrow::TimeUnit::NANO: break;
  }
  return TimeUnit::Nanosecond;
}

// What the append functions need to know of the type.
void take_parameters(ValueText& column, const arrow::DataType& type) {
  if (arrow::is_decimal(type.id())) column.scale = static_cast<const arrow::DecimalType&>(type).scale();
  if (arrow::is_time(type.id())) column.unit = unit_from(static_cast<const arrow::TimeType&>(type).unit());
  if (type.id() == arrow::Type::DURATION) {
    column.unit = unit_from(static_cast<const arrow::DurationType&>(type).unit());
  }
  if (type.id() == arrow::Type::TIMESTAMP) {
    const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
    column.unit = unit_from(timestamp.unit());
    column.utc = !timestamp.timezone().empty();
  }
}

}  // namespace

bool bind_scalar(ValueText& column) {
  const arrow::DataType& type = *column.array->type();
  column.append_value = column.style.dialect == Dialect::Json ? scalar_append<Dialect::Json>(type.id())
                                                              : scalar_append<Dialect::Csv>(type.id());
  if (column.append_value == nullptr) return false;
  take_parameters(column, type);
  // Whole bytes only: a bool is read through its array.
  if (arrow::is_fixed_width(type.id()) && type.id() != arrow::Type::BOOL) {
    const arrow::ArrayData& data = *column.array->data();
    if (data.buffers[1] != nullptr) column.values = data.buffers[1]->data() + data.offset * type.byte_width();
  }
  return true;
}

}  // namespace canvasback
