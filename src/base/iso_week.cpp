#include "base/iso_week.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace canvasback {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kMondayDay = 4;  // 1970-01-05

std::int64_t floor_divide(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

int year_of(std::int64_t day) {
  const std::chrono::year_month_day date{sys_days(days(day))};
  return static_cast<int>(date.year());
}

// The Monday of week 1.
std::int64_t first_monday(int year) {
  const sys_days fourth = std::chrono::year(year) / std::chrono::January / 4;
  const std::int64_t day = fourth.time_since_epoch().count();
  return kMondayDay + 7 * floor_divide(day - kMondayDay, 7);
}

}  // namespace

std::int64_t week_number_of(std::int64_t time_us) {
  return floor_divide(floor_divide(time_us, kDayUs) - kMondayDay, 7);
}

IsoWeek iso_week_of(std::int64_t week_number) {
  const std::int64_t monday = kMondayDay + 7 * week_number;
  const int year = year_of(monday + 3);
  return {year, static_cast<int>((monday - first_monday(year)) / 7) + 1};
}

std::int64_t week_number_of(const IsoWeek& week) { return (first_monday(week.year) - kMondayDay) / 7 + week.week - 1; }

std::optional<IsoWeek> parse_iso_week(std::string_view text) {
  // Exactly this form: "2025-04" is April, and who means it must not get week 4.
  constexpr std::string_view kForm = "0000-W00";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  IsoWeek out;
  std::from_chars(text.data(), text.data() + 4, out.year);
  std::from_chars(text.data() + 6, text.data() + 8, out.week);
  if (out.year < 1) return std::nullopt;
  const IsoWeek back = iso_week_of(week_number_of(out));
  if (back.year != out.year || back.week != out.week) return std::nullopt;
  return out;
}

std::string text_of(const IsoWeek& week) { return fmt::format("{:04}-W{:02}", week.year, week.week); }

}  // namespace canvasback
