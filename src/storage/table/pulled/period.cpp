#include "storage/table/pulled/period.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "base/iso_week.hpp"

namespace canvasback {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kDayUs = 86'400'000'000;

std::int64_t day_of(std::int64_t time_us) { return time_us / kDayUs - (time_us % kDayUs < 0 ? 1 : 0); }

std::int64_t begin_of(sys_days day) { return std::int64_t{day.time_since_epoch().count()} * kDayUs; }

Period day_period(sys_days day) {
  const year_month_day date(day);
  return {fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day())),
          begin_of(day), begin_of(day + days(1))};
}

Period month_period(std::chrono::year_month month) {
  return {fmt::format("{:04}-{:02}", static_cast<int>(month.year()), static_cast<unsigned>(month.month())),
          begin_of(sys_days(month / std::chrono::day(1))),
          begin_of(sys_days((month + std::chrono::months(1)) / std::chrono::day(1)))};
}

Period year_period(std::chrono::year year) {
  return {fmt::format("{:04}", static_cast<int>(year)), begin_of(sys_days(year / 1 / 1)),
          begin_of(sys_days((year + std::chrono::years(1)) / 1 / 1))};
}

// A number of exactly so many digits at the text's front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  int out = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, out);
  if (error != std::errc() || end != text.data() + digits || text[0] == '-') return std::nullopt;
  text.remove_prefix(digits);
  return out;
}

std::optional<std::int64_t> begin_of_named(std::string_view name, PeriodLength length) {
  if (length == PeriodLength::Week) {
    const auto week = parse_iso_week(name);
    if (!week) return std::nullopt;
    const std::int64_t monday = 4 + 7 * week_number_of(*week);  // 1970-01-05 is day 4
    return monday * kDayUs;
  }
  const auto year = take_digits(name, 4);
  if (!year) return std::nullopt;
  int month = 1;
  int day = 1;
  const auto take = [&name](int& out) {
    if (!name.starts_with('-')) return false;
    name.remove_prefix(1);
    const auto number = take_digits(name, 2);
    out = number.value_or(0);
    return number.has_value();
  };
  if (length != PeriodLength::Year && !take(month)) return std::nullopt;
  if (length == PeriodLength::Day && !take(day)) return std::nullopt;
  const year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day)));
  if (!name.empty() || !date.ok()) return std::nullopt;
  return begin_of(sys_days(date));
}

}  // namespace

std::string_view name_of(PeriodLength length) {
  switch (length) {
    case PeriodLength::Day: return "day";
    case PeriodLength::Week: return "week";
    case PeriodLength::Month: return "month";
    case PeriodLength::Year: break;
  }
  return "year";
}

std::optional<PeriodLength> period_length_from(std::string_view name) {
  for (const auto length : {PeriodLength::Day, PeriodLength::Week, PeriodLength::Month, PeriodLength::Year}) {
    if (name == name_of(length)) return length;
  }
  return std::nullopt;
}

Period period_of(std::int64_t time_us, PeriodLength length) {
  const sys_days day{days(day_of(time_us))};
  const year_month_day date(day);
  switch (length) {
    case PeriodLength::Day: return day_period(day);
    case PeriodLength::Month: return month_period(date.year() / date.month());
    case PeriodLength::Year: return year_period(date.year());
    case PeriodLength::Week: break;
  }
  const std::int64_t week = week_number_of(time_us);
  const std::int64_t monday = 4 + 7 * week;
  return {text_of(iso_week_of(week)), monday * kDayUs, (monday + 7) * kDayUs};
}

std::optional<Period> parse_period(std::string_view name, PeriodLength length) {
  const auto begin_us = begin_of_named(name, length);
  if (!begin_us) return std::nullopt;
  Period out = period_of(*begin_us, length);
  if (out.name != name) return std::nullopt;
  return out;
}

}  // namespace canvasback
