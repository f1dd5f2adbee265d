#include "analyse/number_values.hpp"

#include <arrow/util/bit_run_reader.h>
#include <arrow/util/float16.h>

#include <cstring>
#include <type_traits>

namespace canvasback::analyse {
namespace {

using arrow::Type;
using Kind = NumberForm::Kind;

TimeUnit unit_of(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return TimeUnit::Second;
    case arrow::TimeUnit::MILLI: return TimeUnit::Millisecond;
    case arrow::TimeUnit::MICRO: return TimeUnit::Microsecond;
    case arrow::TimeUnit::NANO: break;
  }
  return TimeUnit::Nanosecond;
}

// Decimals of so many digits fit 64 bits.
constexpr int kDigits64 = 18;

// The non-null values of an array whose stored values are Stored.
template <class Stored, class Value>
void append(const arrow::Array& array, std::vector<Value>& buffer) {
  const auto& data = *array.data();
  const auto* values = data.GetValues<Stored>(1);
  buffer.resize(static_cast<std::size_t>(array.length()));
  Value* out = buffer.data();
  auto copy = [&](std::int64_t start, std::int64_t length) {
    for (std::int64_t i = start; i < start + length; ++i) *out++ = static_cast<Value>(values[i]);
  };
  if (array.null_count() == 0) {
    copy(0, array.length());
  } else {
    arrow::internal::VisitSetBitRunsVoid(data.buffers[0], data.offset, data.length, copy);
  }
  buffer.resize(static_cast<std::size_t>(out - buffer.data()));
}

struct Decimal128Bits {
  std::uint64_t low;
  std::int64_t high;
  explicit operator std::int64_t() const { return static_cast<std::int64_t>(low); }
  explicit operator Int128() const {
    return static_cast<Int128>((static_cast<UInt128>(static_cast<std::uint64_t>(high)) << 64) | low);
  }
  explicit operator double() const { return 0; }  // decimals are integers here
};
static_assert(sizeof(Decimal128Bits) == 16);

struct HalfBits {
  std::uint16_t bits;
  explicit operator double() const { return arrow::util::Float16::FromBits(bits).ToDouble(); }
  explicit operator std::int64_t() const { return 0; }
  explicit operator Int128() const { return 0; }
};

}  // namespace

std::optional<NumberForm> number_form(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64: return NumberForm{};
    case Type::HALF_FLOAT:
    case Type::FLOAT: return NumberForm{Kind::Float};
    case Type::DOUBLE: return NumberForm{Kind::Double};
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128: {
      return NumberForm{Kind::Decimal, static_cast<const arrow::DecimalType&>(type).scale()};
    }
    case Type::DATE32: return NumberForm{Kind::Date};
    case Type::DATE64: return NumberForm{Kind::DateMilliseconds};
    case Type::TIME32: return NumberForm{Kind::Time, 0, unit_of(static_cast<const arrow::Time32Type&>(type).unit())};
    case Type::TIME64: return NumberForm{Kind::Time, 0, unit_of(static_cast<const arrow::Time64Type&>(type).unit())};
    case Type::DURATION:
      return NumberForm{Kind::Duration, 0, unit_of(static_cast<const arrow::DurationType&>(type).unit())};
    case Type::TIMESTAMP: {
      const auto& stamp = static_cast<const arrow::TimestampType&>(type);
      return NumberForm{Kind::Timestamp, 0, unit_of(stamp.unit()), !stamp.timezone().empty()};
    }
    default: return std::nullopt;
  }
}

NumberStorage number_storage(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE: return NumberStorage::Double;
    case Type::UINT64: return NumberStorage::Integer128;
    case Type::DECIMAL128:
      return static_cast<const arrow::DecimalType&>(type).precision() <= kDigits64 ? NumberStorage::Integer64
                                                                                   : NumberStorage::Integer128;
    default: return NumberStorage::Integer64;
  }
}

std::optional<std::pair<std::int64_t, std::int64_t>> usual_bounds(const NumberForm& form) {
  constexpr std::int64_t kFirstDay = -25567;  // 1900-01-01
  constexpr std::int64_t kLastDay = 47846;    // 2100-12-31
  constexpr std::int64_t kSecondsPerDay = 86'400;
  std::int64_t per_day = 1;
  switch (form.kind) {
    case Kind::Date: break;
    case Kind::DateMilliseconds: per_day = kSecondsPerDay * 1000; break;
    case Kind::Timestamp:
      per_day = kSecondsPerDay;
      if (form.unit == TimeUnit::Millisecond) per_day *= 1000;
      if (form.unit == TimeUnit::Microsecond) per_day *= 1'000'000;
      if (form.unit == TimeUnit::Nanosecond) per_day *= 1'000'000'000;
      break;
    default: return std::nullopt;
  }
  return std::pair{kFirstDay * per_day, (kLastDay + 1) * per_day - 1};
}

template <class Value>
std::span<const Value> NumberValues<Value>::load(const arrow::Array& array) {
  const auto id = array.type_id();
  // Eight bytes that are the value already are not copied.
  if constexpr (std::is_same_v<Value, std::int64_t>) {
    const bool same = id == Type::INT64 || id == Type::TIMESTAMP || id == Type::DATE64 || id == Type::TIME64 ||
                      id == Type::DURATION || id == Type::DECIMAL64;
    if (same && array.null_count() == 0) {
      return {array.data()->template GetValues<std::int64_t>(1), static_cast<std::size_t>(array.length())};
    }
  }
  if constexpr (std::is_same_v<Value, double>) {
    if (id == Type::DOUBLE && array.null_count() == 0) {
      return {array.data()->template GetValues<double>(1), static_cast<std::size_t>(array.length())};
    }
  }
  switch (id) {
    case Type::INT8: append<std::int8_t>(array, buffer_); break;
    case Type::INT16: append<std::int16_t>(array, buffer_); break;
    case Type::INT32:
    case Type::DATE32:
    case Type::TIME32:
    case Type::DECIMAL32: append<std::int32_t>(array, buffer_); break;
    case Type::UINT8: append<std::uint8_t>(array, buffer_); break;
    case Type::UINT16: append<std::uint16_t>(array, buffer_); break;
    case Type::UINT32: append<std::uint32_t>(array, buffer_); break;
    case Type::UINT64: append<std::uint64_t>(array, buffer_); break;
    case Type::FLOAT: append<float>(array, buffer_); break;
    case Type::DOUBLE: append<double>(array, buffer_); break;
    case Type::HALF_FLOAT: append<HalfBits>(array, buffer_); break;
    case Type::DECIMAL128: append<Decimal128Bits>(array, buffer_); break;
    default: append<std::int64_t>(array, buffer_); break;
  }
  return buffer_;
}

template class NumberValues<std::int64_t>;
template class NumberValues<Int128>;
template class NumberValues<double>;

}  // namespace canvasback::analyse
