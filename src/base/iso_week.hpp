// ISO 8601 weeks: from Monday to Sunday, counted by the year that their Thursday lies in.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace canvasback {

struct IsoWeek {
  int year = 1970;
  int week = 1;
  auto operator<=>(const IsoWeek&) const = default;  // in time
};

// Weeks since that of 1970-01-05, of microseconds since 1970-01-01 UTC.
std::int64_t week_number_of(std::int64_t time_us);
IsoWeek iso_week_of(std::int64_t week_number);
std::int64_t week_number_of(const IsoWeek& week);

// "2025-W40", two digits and a capital W. nullopt for anything else and for weeks that the year has not.
std::optional<IsoWeek> parse_iso_week(std::string_view text);
// "2025-W40"
std::string text_of(const IsoWeek& week);

}  // namespace canvasback
