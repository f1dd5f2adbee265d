// Periods of time that a pulled table is partitioned by: which of them a time lies in, and how it is named as a folder.
// Pure. Times are microseconds since 1970-01-01, as the source gives them (no zone is applied).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace canvasback {

enum class PeriodLength { Day, Week, Month, Year };

std::string_view name_of(PeriodLength length);
std::optional<PeriodLength> period_length_from(std::string_view name);  // day, week, month, year

// From `begin_us` to before `end_us`. Periods outside of the years 0001 to 9999 do not occur: no source has such times.
struct Period {
  std::string name;  // 2025-10-07, 2025-W40, 2025-10, 2025
  std::int64_t begin_us = 0;
  std::int64_t end_us = 0;

  bool contains(std::int64_t time_us) const { return time_us >= begin_us && time_us < end_us; }
  bool operator==(const Period&) const = default;
};

Period period_of(std::int64_t time_us, PeriodLength length);
// What period_of() named so; nullopt for every other text.
std::optional<Period> parse_period(std::string_view name, PeriodLength length);

// The folders of rows without a time, and of tables that are not partitioned.
inline constexpr std::string_view kNoPeriod = "none";
inline constexpr std::string_view kWholeTable = "all";

}  // namespace canvasback
