// Periods of a dashboard: what is asked for ("last_30_days", {"from", "to"}), and the days that it stands for once it
// is known which day the last one is. Days are counted from 1970-01-01 in whatever time zone the metrics have. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "query/metrics.hpp"

namespace canvasback {

// from ≤ day < to; without a bound where there is none.
struct DayRange {
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;

  bool operator==(const DayRange&) const = default;
};

struct PeriodWish {
  enum class Kind { All, This, Last, LastCount, Range };
  Kind kind = Kind::All;
  Grain unit = Grain::Day;  // This, Last (the one before this), LastCount
  std::int64_t count = 1;   // LastCount: so many, up to the last day
  DayRange range;           // Range
};

// A text of docs/dashboards.md or {"from": "2025-01-01", "to": …}. Errors: InvalidData that says what is expected.
Result<PeriodWish> period_from_json(const Json& json);

// `last_day`: today, or the day of the newest row. `first_weekday`: 1 is Monday.
DayRange days_of(const PeriodWish& wish, std::int64_t last_day, int first_weekday);

enum class Comparison { None, PreviousPeriod, YearBefore };
std::string_view name_of(Comparison comparison);
std::optional<Comparison> comparison_from(std::string_view name);

// The days that `days` is compared with; nothing where it has no bounds, or there is no comparison.
std::optional<DayRange> compared_days(const PeriodWish& wish, const DayRange& days, Comparison comparison);

// 1 (Monday) to 7 of "monday", "sunday", "saturday"; nothing for other texts.
std::optional<int> weekday_from(std::string_view name);
// The smallest grain from `smallest` on with at most so many buckets in so many days.
Grain grain_for(std::int64_t days, Grain smallest, std::int64_t buckets_max);

// "2025-01-31"; days before the year 1 or after 9999 have no text and no number.
std::optional<std::int64_t> parse_day(std::string_view text);
std::string day_text(std::int64_t day);
Json to_json(const DayRange& days);  // {"from": "2025-01-01", "to": null}

}  // namespace canvasback
