#include "query/period.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/text.hpp"

namespace canvasback {
namespace {

using std::chrono::year_month_day;

constexpr std::int64_t kFirstDay = -719'162;  // 0001-01-01
constexpr std::int64_t kLastDay = 2'932'896;  // 9999-12-31
constexpr std::int64_t kCountMax = 100'000;
constexpr std::string_view kExpected =
    "A period must be today, yesterday, this_week, this_month, this_quarter, this_year, last_week, last_month, "
    "last_quarter, last_year, last_N_days, last_N_weeks, last_N_months, last_N_years, all, or {from, to} with days as "
    "2025-01-31.";

year_month_day date_of(std::int64_t day) {
  return year_month_day(std::chrono::sys_days(std::chrono::days(static_cast<int>(day))));
}

std::int64_t number_of(const year_month_day& date) { return std::chrono::sys_days(date).time_since_epoch().count(); }

// The same day of another month, or that month's last one.
std::int64_t plus_months(std::int64_t day, std::int64_t months) {
  year_month_day date = date_of(day) + std::chrono::months(static_cast<int>(months));
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return number_of(date);
}

int months_of(Grain unit) {
  return unit == Grain::Month ? 1 : unit == Grain::Quarter ? 3 : unit == Grain::Year ? 12 : 0;
}

std::int64_t plus_units(std::int64_t day, Grain unit, std::int64_t count) {
  if (const int months = months_of(unit); months > 0) return plus_months(day, months * count);
  return day + count * (unit == Grain::Week ? 7 : 1);
}

std::int64_t start_of(std::int64_t day, Grain unit, int first_weekday) {
  const year_month_day date = date_of(day);
  switch (unit) {
    case Grain::Week: {
      const auto weekday = std::chrono::weekday(std::chrono::sys_days(date)).iso_encoding();
      return day - (static_cast<int>(weekday) + 7 - first_weekday) % 7;
    }
    case Grain::Month: return number_of(date.year() / date.month() / 1);
    case Grain::Quarter: {
      const unsigned month = (static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 1;
      return number_of(date.year() / std::chrono::month(month) / 1);
    }
    case Grain::Year: return number_of(date.year() / 1 / 1);
    default: return day;
  }
}

Result<PeriodWish> count_from(std::string_view text) {
  PeriodWish wish;
  wish.kind = PeriodWish::Kind::LastCount;
  const std::size_t line = text.rfind('_');
  constexpr std::array kUnits{
      std::pair{std::string_view("days"), Grain::Day}, std::pair{std::string_view("weeks"), Grain::Week},
      std::pair{std::string_view("months"), Grain::Month}, std::pair{std::string_view("years"), Grain::Year}};
  const auto* unit = std::ranges::find(kUnits, text.substr(line + 1), &std::pair<std::string_view, Grain>::first);
  const std::string_view digits = text.substr(0, line);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), wish.count);
  if (line == std::string_view::npos || unit == kUnits.end() || error != std::errc() ||
      end != digits.data() + digits.size() || wish.count < 1 || wish.count > kCountMax) {
    return fail(ErrorCode::InvalidData, std::string(kExpected));
  }
  wish.unit = unit->second;
  return wish;
}

Result<PeriodWish> range_from(const Json& json) {
  PeriodWish wish;
  wish.kind = PeriodWish::Kind::Range;
  for (const auto& [name, value] : json.as_object()) {
    if (name != "from" && name != "to") return fail(ErrorCode::InvalidData, std::string(kExpected));
    if (value.is_null()) continue;
    const auto day = parse_day(value.as_string());
    if (!day) return fail(ErrorCode::InvalidData, std::string(kExpected));
    (name == "from" ? wish.range.from : wish.range.to) = *day;
  }
  if (wish.range.from && wish.range.to && *wish.range.from >= *wish.range.to) {
    return fail(ErrorCode::InvalidData, "A period must begin before it ends: \"to\" is the day behind the last one.");
  }
  return wish;
}

// Of days that begin and end with a month: how many of them they are; else 0.
std::int64_t whole_months(const DayRange& days) {
  const year_month_day from = date_of(*days.from);
  const year_month_day to = date_of(*days.to);
  if (static_cast<unsigned>(from.day()) != 1 || static_cast<unsigned>(to.day()) != 1) return 0;
  const int years = static_cast<int>(to.year()) - static_cast<int>(from.year());
  return years * 12 + static_cast<int>(static_cast<unsigned>(to.month())) -
         static_cast<int>(static_cast<unsigned>(from.month()));
}

}  // namespace

Result<PeriodWish> period_from_json(const Json& json) {
  if (json.is_object()) return range_from(json);
  const std::string_view text = json.as_string();
  if (text == "all") return PeriodWish{};
  if (text == "today") return PeriodWish{PeriodWish::Kind::This, Grain::Day, 1, {}};
  if (text == "yesterday") return PeriodWish{PeriodWish::Kind::Last, Grain::Day, 1, {}};
  for (Grain unit : {Grain::Week, Grain::Month, Grain::Quarter, Grain::Year}) {
    if (text == fmt::format("this_{}", name_of(unit))) return PeriodWish{PeriodWish::Kind::This, unit, 1, {}};
    if (text == fmt::format("last_{}", name_of(unit))) return PeriodWish{PeriodWish::Kind::Last, unit, 1, {}};
  }
  if (text.starts_with("last_")) return count_from(text.substr(5));
  return fail(ErrorCode::InvalidData, std::string(kExpected));
}

DayRange days_of(const PeriodWish& wish, std::int64_t last_day, int first_weekday) {
  const std::int64_t end = last_day + 1;
  switch (wish.kind) {
    case PeriodWish::Kind::All: return {};
    case PeriodWish::Kind::Range: return wish.range;
    case PeriodWish::Kind::This: return {start_of(last_day, wish.unit, first_weekday), end};
    case PeriodWish::Kind::Last: {
      const std::int64_t start = start_of(last_day, wish.unit, first_weekday);
      return {plus_units(start, wish.unit, -1), start};
    }
    case PeriodWish::Kind::LastCount: return {std::max(plus_units(end, wish.unit, -wish.count), kFirstDay), end};
  }
  return {};
}

std::optional<DayRange> compared_days(const PeriodWish& wish, const DayRange& days, Comparison comparison) {
  if (comparison == Comparison::None || !days.from || !days.to) return std::nullopt;
  if (comparison == Comparison::YearBefore) return DayRange{plus_months(*days.from, -12), plus_months(*days.to, -12)};
  const std::int64_t length = *days.to - *days.from;
  switch (wish.kind) {
    // As many days of the one before.
    case PeriodWish::Kind::This: {
      const std::int64_t from = plus_units(*days.from, wish.unit, -1);
      return DayRange{from, std::min(from + length, *days.from)};
    }
    case PeriodWish::Kind::Last: return DayRange{plus_units(*days.from, wish.unit, -1), *days.from};
    case PeriodWish::Kind::LastCount: return DayRange{plus_units(*days.from, wish.unit, -wish.count), *days.from};
    default: break;
  }
  if (const std::int64_t months = whole_months(days); months > 0) {
    return DayRange{plus_months(*days.from, -months), *days.from};
  }
  return DayRange{*days.from - length, *days.from};
}

std::string_view name_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::None: return "none";
    case Comparison::PreviousPeriod: return "previous_period";
    case Comparison::YearBefore: return "year_before";
  }
  return "";
}

std::optional<Comparison> comparison_from(std::string_view name) {
  for (Comparison known : {Comparison::None, Comparison::PreviousPeriod, Comparison::YearBefore}) {
    if (name == name_of(known)) return known;
  }
  return std::nullopt;
}

std::optional<int> weekday_from(std::string_view name) {
  if (name == "monday") return 1;
  if (name == "saturday") return 6;
  if (name == "sunday") return 7;
  return std::nullopt;
}

Grain grain_for(std::int64_t days, Grain smallest, std::int64_t buckets_max) {
  constexpr std::array kDays{std::pair{Grain::Day, 1}, std::pair{Grain::Week, 7}, std::pair{Grain::Month, 30},
                             std::pair{Grain::Quarter, 91}};
  if (smallest == Grain::Hour && days * 24 <= buckets_max) return Grain::Hour;
  for (const auto& [grain, length] : kDays) {
    if (grain >= smallest && days / length <= buckets_max) return grain;
  }
  return Grain::Year;
}

std::optional<std::int64_t> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int parts[3] = {};
  const std::string_view pieces[3] = {text.substr(0, 4), text.substr(5, 2), text.substr(8, 2)};
  for (int i = 0; i < 3; ++i) {
    const std::string_view piece = pieces[i];
    const auto [end, error] = std::from_chars(piece.data(), piece.data() + piece.size(), parts[i]);
    if (error != std::errc() || end != piece.data() + piece.size() || piece[0] == '-') return std::nullopt;
  }
  const year_month_day date = std::chrono::year(parts[0]) / std::chrono::month(static_cast<unsigned>(parts[1])) /
                              std::chrono::day(static_cast<unsigned>(parts[2]));
  if (!date.ok() || parts[0] < 1) return std::nullopt;
  return number_of(date);
}

std::string day_text(std::int64_t day) {
  const year_month_day date = date_of(std::clamp(day, kFirstDay, kLastDay));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Json to_json(const DayRange& days) {
  Json out;
  out.set("from", days.from ? Json(day_text(*days.from)) : Json());
  out.set("to", days.to ? Json(day_text(*days.to)) : Json());
  return out;
}

}  // namespace canvasback
