#include "encode/xlsx/serial.hpp"

#include <cstring>

#include "encode/xlsx/limits.hpp"

namespace canvasback::xlsx {
namespace {

constexpr std::uint64_t kDecimals12 = 1'000'000'000'000;
// Half a millisecond: what is closer to the calendar's end than this, readers round to the day behind it.
constexpr std::uint64_t kHalfMillisecond = 5'788;

struct Split {
  std::int64_t days;
  std::uint64_t rest;  // of the day, in units
};

template <std::int64_t UnitsPerDay>
Split split(std::int64_t value) {
  std::int64_t days = value / UnitsPerDay;
  std::int64_t rest = value % UnitsPerDay;
  if (rest < 0) {
    rest += UnitsPerDay;
    --days;
  }
  return {days, static_cast<std::uint64_t>(rest)};
}

// Calls function.operator()<units per day>().
template <class Function>
auto with_day(TimeUnit unit, Function function) {
  switch (unit) {
    case TimeUnit::Second: return function.template operator()<kSecondsPerDay>();
    case TimeUnit::Millisecond: return function.template operator()<kSecondsPerDay * 1'000>();
    case TimeUnit::Microsecond: return function.template operator()<kSecondsPerDay * 1'000'000>();
    case TimeUnit::Nanosecond: break;
  }
  return function.template operator()<kSecondsPerDay * 1'000'000'000>();
}

// rest / UnitsPerDay in units of 1 / Decimals, rounded. The product fits: the fraction is in lowest terms.
template <std::int64_t UnitsPerDay, std::uint64_t Decimals>
std::uint64_t fraction(std::uint64_t rest) {
  constexpr auto day = static_cast<std::uint64_t>(UnitsPerDay);
  constexpr auto divisor = [](std::uint64_t a, std::uint64_t b) {
    while (b != 0) {
      const std::uint64_t c = a % b;
      a = b;
      b = c;
    }
    return a;
  }(day, Decimals);
  constexpr std::uint64_t factor = Decimals / divisor;
  constexpr std::uint64_t bottom = day / divisor;
  static_assert(factor <= UINT64_MAX / day);
  return (rest * factor + bottom / 2) / bottom;
}

// "." and the digits without trailing zeros; nothing for zero.
template <int Digits>
char* write_fraction(char* out, std::uint64_t value) {
  if (value == 0) return out;
  *out = '.';
  char* position = out + 1 + Digits;
  while (position > out + 1) {
    *--position = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  char* end = out + 1 + Digits;
  while (end[-1] == '0') --end;
  return end;
}

}  // namespace

char* write_serial(char* out, std::int64_t since_epoch, TimeUnit unit) {
  return with_day(unit, [&]<std::int64_t UnitsPerDay>() {
    auto [days, rest] = split<UnitsPerDay>(since_epoch);
    if (days < kSerialMin - kSerialOfEpoch || days > kSerialMax - kSerialOfEpoch) return out;
    std::uint64_t decimals = fraction<UnitsPerDay, kDecimals12>(rest);
    if (decimals == kDecimals12) {
      decimals = 0;
      ++days;
    }
    const std::int64_t last = kSerialMax - kSerialOfEpoch;
    if (days > last || (days == last && decimals > kDecimals12 - kHalfMillisecond)) return out;
    char* end = write_integer(out, days + kSerialOfEpoch);
    return write_fraction<12>(end, decimals);
  });
}

char* write_serial_day(char* out, std::int64_t days) {
  if (days < kSerialMin - kSerialOfEpoch || days > kSerialMax - kSerialOfEpoch) return out;
  return write_integer(out, days + kSerialOfEpoch);
}

char* write_serial_time(char* out, std::int64_t since_midnight, TimeUnit unit) {
  const std::int64_t per_day = units_per_second(unit) * kSecondsPerDay;
  if (since_midnight < 0 || since_midnight >= per_day) return out;
  // Both are exact as doubles, so this is the double nearest to the time. Fewer digits would do to tell times apart,
  // but programs that cut seconds off instead of rounding would show 07:59:59 for a double just below 08:00:00.
  char* end = write_double(out, static_cast<double>(since_midnight) / static_cast<double>(per_day));
  if (since_midnight == 0) return out + 1;  // "0.0"
  if (void* exponent = std::memchr(out, 'e', static_cast<std::size_t>(end - out))) *static_cast<char*>(exponent) = 'E';
  return end;
}

bool serial_is_exact(std::int64_t since_epoch, TimeUnit unit) {
  if (unit == TimeUnit::Second || unit == TimeUnit::Millisecond) return true;
  const std::int64_t per_microsecond = unit == TimeUnit::Nanosecond ? 1'000 : 1;
  constexpr std::int64_t kMicrosecondsPerDay = kSecondsPerDay * 1'000'000;
  if (since_epoch % per_microsecond != 0) return false;
  const std::int64_t microseconds = since_epoch / per_microsecond;
  return microseconds < (kSerialMicrosecondMax - kSerialOfEpoch) * kMicrosecondsPerDay || microseconds % 1'000 == 0;
}

}  // namespace canvasback::xlsx
