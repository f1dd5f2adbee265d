// Times as Excel keeps them: serial numbers, days since 1899-12-30 with the time of day as a fraction. The digits of an
// instant come from integer arithmetic: twelve decimals of a day are a tenth of a microsecond, finer than the double
// that a reader makes of them, so that double is the nearest one to the instant or as good as it.
#pragma once

#include <cstdint>

#include "base/format.hpp"

namespace canvasback::xlsx {

inline constexpr std::size_t kSerialChars = 32;

// Units of a day in one TimeUnit.
constexpr std::int64_t units_per_second(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::Second: return 1;
    case TimeUnit::Millisecond: return 1'000;
    case TimeUnit::Microsecond: return 1'000'000;
    case TimeUnit::Nanosecond: break;
  }
  return 1'000'000'000;
}
constexpr std::int64_t kSecondsPerDay = 86'400;

// "45658.5": an instant since 1970 in `unit`. Nothing (returns `out`) where Excel's calendar does not hold it.
char* write_serial(char* out, std::int64_t since_epoch, TimeUnit unit);
// "45658". Nothing where Excel's calendar does not hold it.
char* write_serial_day(char* out, std::int64_t days_since_epoch);
// "0.523": a time of day. Nothing where it is none (below zero, 24:00:00 and later).
char* write_serial_time(char* out, std::int64_t since_midnight, TimeUnit unit);

// Whether the serial number of an instant can be turned back into it.
bool serial_is_exact(std::int64_t since_epoch, TimeUnit unit);

}  // namespace canvasback::xlsx
