#include "service/schedule/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::int64_t kMinutesPerDay = 1440;
constexpr int kDaysAhead = 366 * 8;

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  int least;
  int greatest;
  std::span<const std::string_view> words;  // of the values from `least` on
};

const std::array<Field, 5> kFields{{{"minute", 0, 59, {}},
                                    {"hour", 0, 23, {}},
                                    {"day of the month", 1, 31, {}},
                                    {"month", 1, 12, kMonths},
                                    {"day of the week", 0, 7, kDays}}};

std::optional<int> number_of(std::string_view text, const Field& field) {
  const auto word = std::ranges::find(field.words, lower(text));
  if (word != field.words.end()) return field.least + static_cast<int>(word - field.words.begin());
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.starts_with('-');
  return whole && out >= field.least && out <= field.greatest ? std::optional(out) : std::nullopt;
}

// The values that one item of a field's list stands for: *, 5, 1-5, */10, 1-30/2.
std::optional<std::vector<int>> values_of(std::string_view item, const Field& field) {
  int step = 1;
  const std::size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const auto told = number_of(item.substr(slash + 1), {"step", 1, 60, {}});
    if (!told) return std::nullopt;
    step = *told;
  }
  const std::string_view range = item.substr(0, slash);
  int first = field.least;
  int last = field.greatest;
  if (range != "*") {
    const auto ends = split(range, '-');
    const auto from = number_of(ends[0], field);
    const auto to = ends.size() == 2 ? number_of(ends[1], field) : from;
    if (ends.size() > 2 || !from || !to || *from > *to) return std::nullopt;
    first = *from;
    last = ends.size() == 1 && slash != std::string_view::npos ? field.greatest : *to;
  }
  std::vector<int> out;
  for (int value = first; value <= last; value += step) out.push_back(value);
  return out;
}

template <std::size_t kSize>
Status read_field(std::string_view text, const Field& field, std::bitset<kSize>& out) {
  for (const std::string& item : split(text, ',')) {
    const auto values = values_of(item, field);
    if (!values) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is no {} of a cron expression ({} to {}).", text,
                                                      field.name, field.least, field.greatest));
    }
    for (const int value : *values) out.set(static_cast<std::size_t>(value) % (kSize == 7 ? 7 : kSize));
  }
  return {};
}

std::string_view spelled_out(std::string_view text) {
  if (text == "@hourly") return "0 * * * *";
  if (text == "@daily") return "0 0 * * *";
  if (text == "@weekly") return "0 0 * * 0";
  if (text == "@monthly") return "0 0 1 * *";
  return text;
}

}  // namespace

Result<CronExpression> CronExpression::parse(std::string_view text) {
  CronExpression out;
  out.text_ = text;
  std::vector<std::string> fields = split(spelled_out(text), ' ');
  std::erase_if(fields, [](const std::string& field) { return field.empty(); });
  if (fields.size() != kFields.size()) {
    return fail(ErrorCode::InvalidData,
                fmt::format("A cron expression has five fields (minute hour day month weekday), \"{}\" has {}.", text,
                            fields.size()));
  }
  CANVASBACK_TRY(read_field(fields[0], kFields[0], out.minutes_));
  CANVASBACK_TRY(read_field(fields[1], kFields[1], out.hours_));
  CANVASBACK_TRY(read_field(fields[2], kFields[2], out.days_));
  CANVASBACK_TRY(read_field(fields[3], kFields[3], out.months_));
  CANVASBACK_TRY(read_field(fields[4], kFields[4], out.weekdays_));
  out.any_day_ = fields[2].starts_with('*');
  out.any_weekday_ = fields[4].starts_with('*');
  return out;
}

bool CronExpression::has_day(std::int64_t day) const {
  const std::chrono::sys_days date{std::chrono::days(day)};
  const std::chrono::year_month_day parts(date);
  if (!months_.test(static_cast<unsigned>(parts.month()))) return false;
  const bool by_month = days_.test(static_cast<unsigned>(parts.day()));
  const bool by_week = weekdays_.test(std::chrono::weekday(date).c_encoding());
  return any_day_ || any_weekday_ ? by_month && by_week : by_month || by_week;
}

Result<std::int64_t> CronExpression::next_after(std::int64_t time_us) const {
  const std::int64_t first = time_us / kMinuteUs + 1;
  const std::int64_t first_day = first / kMinutesPerDay;
  for (std::int64_t day = first_day; day < first_day + kDaysAhead; ++day) {
    if (!has_day(day)) continue;
    for (std::int64_t minute = day == first_day ? first % kMinutesPerDay : 0; minute < kMinutesPerDay; ++minute) {
      const auto hour = static_cast<std::size_t>(minute / 60);
      if (hours_.test(hour) && minutes_.test(static_cast<std::size_t>(minute % 60))) {
        return (day * kMinutesPerDay + minute) * kMinuteUs;
      }
    }
  }
  return fail(ErrorCode::InvalidData, fmt::format("No day is ever as \"{}\" says.", text_));
}

}  // namespace canvasback
