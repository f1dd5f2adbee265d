// Dates and times as text, in the ISO 8601 forms that standard writers use, and in a form that was told (strptime's).
// Strict: exactly these digits, places and calendar days; anything else is no date. Pure; internal to source/delimited.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace canvasback::delimited {

// 2024-01-31, years 0001 to 9999: days since 1970-01-01.
std::optional<std::int32_t> parse_date(std::string_view text);

struct TimeOfDay {
  std::int64_t seconds = 0;
  std::int32_t nanoseconds = 0;
  int fraction_digits = 0;
};
// 23:59:59, with a fraction of 1 to 9 digits.
std::optional<TimeOfDay> parse_time(std::string_view text);

struct PointInTime {
  std::int64_t seconds = 0;  // since 1970-01-01T00:00:00, of the zone or of no zone
  std::int32_t nanoseconds = 0;
  int fraction_digits = 0;
  bool has_zone = false;  // Z, +01, +0100 or +01:00: then seconds are UTC's
};
// A date, T or a space, a time; perhaps a zone.
std::optional<PointInTime> parse_point_in_time(std::string_view text);

// format: %Y %m %d %H %M %S (with their leading zeros or without), %y (69 to 99 are 19..), %% and any other byte.
std::optional<PointInTime> parse_in_format(std::string_view text, std::string_view format);
// Whether the format is one of these, names each part at most once and a whole day.
bool is_date_format(std::string_view format);
bool has_time_of_day(std::string_view format);

// Nanoseconds since 1970 fit 64 bits.
bool fits_nanoseconds(const PointInTime& point);

}  // namespace canvasback::delimited
