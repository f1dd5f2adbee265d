#include "source/delimited/time_text.hpp"

#include <array>
#include <string>

namespace canvasback::delimited {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `count` digits from `at` on; -1 where they are none. Without a branch for each of them.
inline int digits_at(std::string_view text, std::size_t at, std::size_t count) {
  unsigned value = 0;
  bool all = true;
  for (std::size_t i = at; i < at + count; ++i) {
    const unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
    all &= digit < 10;
    value = value * 10 + digit;
  }
  return all ? static_cast<int>(value) : -1;
}

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// Source: H. Hinnant, "chrono-compatible low-level date algorithms".
std::optional<std::int32_t> days_of(int year, int month, int day) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return std::nullopt;
  if (day > kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap(year) ? 1 : 0)) return std::nullopt;
  const int shifted = month <= 2 ? year - 1 : year;
  const int era = shifted / 400;
  const int year_of_era = shifted - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

// Seconds of ±hh, ±hhmm, ±hh:mm or Z.
std::optional<std::int64_t> zone_seconds(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int hours = digits_at(text, 1, 2);
  int minutes = 0;
  if (text.size() == 5) {
    minutes = digits_at(text, 3, 2);
  } else if (text.size() == 6 && text[3] == ':') {
    minutes = digits_at(text, 4, 2);
  } else if (text.size() != 3) {
    return std::nullopt;
  }
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return std::nullopt;
  const std::int64_t seconds = hours * 3600 + minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

// What a format's letter read.
struct Parts {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

// Takes at most `digits_max` digits from `at` on.
bool take_number(std::string_view text, std::size_t& at, std::size_t digits_max, int& value) {
  const std::size_t begin = at;
  value = 0;
  while (at < text.size() && at - begin < digits_max && is_digit(text[at])) value = value * 10 + (text[at++] - '0');
  return at > begin;
}

bool take_part(char letter, std::string_view text, std::size_t& at, Parts& parts) {
  switch (letter) {
    case 'Y': {
      const std::size_t begin = at;
      return take_number(text, at, 4, parts.year) && at - begin == 4;
    }
    case 'y': {
      const std::size_t begin = at;
      if (!take_number(text, at, 2, parts.year) || at - begin != 2) return false;
      parts.year += parts.year >= 69 ? 1900 : 2000;
      return true;
    }
    case 'm': return take_number(text, at, 2, parts.month);
    case 'd': return take_number(text, at, 2, parts.day);
    case 'H': return take_number(text, at, 2, parts.hour) && parts.hour < 24;
    case 'M': return take_number(text, at, 2, parts.minute) && parts.minute < 60;
    case 'S': return take_number(text, at, 2, parts.second) && parts.second < 60;
    case '%': return at < text.size() && text[at++] == '%';
    default: return false;
  }
}

}  // namespace

std::optional<std::int32_t> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  return days_of(digits_at(text, 0, 4), digits_at(text, 5, 2), digits_at(text, 8, 2));
}

std::optional<TimeOfDay> parse_time(std::string_view text) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const int hour = digits_at(text, 0, 2);
  const int minute = digits_at(text, 3, 2);
  const int second = digits_at(text, 6, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  TimeOfDay out{hour * 3600 + minute * 60 + second, 0, 0};
  if (text.size() == 8) return out;
  const std::size_t digits = text.size() - 9;
  if (text[8] != '.' || digits < 1 || digits > 9) return std::nullopt;
  const int fraction = digits_at(text, 9, digits);
  if (fraction < 0) return std::nullopt;
  out.nanoseconds = fraction;
  for (std::size_t i = digits; i < 9; ++i) out.nanoseconds *= 10;
  out.fraction_digits = static_cast<int>(digits);
  return out;
}

std::optional<PointInTime> parse_point_in_time(std::string_view text) {
  if (text.size() < 19 || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;
  const std::optional<std::int32_t> days = parse_date(text.substr(0, 10));
  if (!days) return std::nullopt;
  std::size_t end = 19;
  if (end < text.size() && text[end] == '.') {
    ++end;
    while (end < text.size() && is_digit(text[end])) ++end;
  }
  const std::optional<TimeOfDay> time = parse_time(text.substr(11, end - 11));
  if (!time) return std::nullopt;
  PointInTime out{*days * kDaySeconds + time->seconds, time->nanoseconds, time->fraction_digits, false};
  if (end == text.size()) return out;
  const std::optional<std::int64_t> zone = zone_seconds(text.substr(end));
  if (!zone) return std::nullopt;
  out.seconds -= *zone;
  out.has_zone = true;
  return out;
}

std::optional<PointInTime> parse_in_format(std::string_view text, std::string_view format) {
  Parts parts;
  std::size_t at = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      if (!take_part(format[++i], text, at, parts)) return std::nullopt;
    } else if (at == text.size() || text[at++] != format[i]) {
      return std::nullopt;
    }
  }
  if (at != text.size()) return std::nullopt;
  const std::optional<std::int32_t> days = days_of(parts.year, parts.month, parts.day);
  if (!days) return std::nullopt;
  return PointInTime{*days * kDaySeconds + parts.hour * 3600 + parts.minute * 60 + parts.second, 0, 0, false};
}

bool is_date_format(std::string_view format) {
  std::string seen;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (i + 1 == format.size()) return false;
    char letter = format[++i];
    if (letter == '%') continue;
    if (std::string_view("YymdHMS").find(letter) == std::string_view::npos) return false;
    if (letter == 'y') letter = 'Y';
    if (seen.find(letter) != std::string::npos) return false;
    seen += letter;
  }
  return seen.find('Y') != std::string::npos && seen.find('m') != std::string::npos &&
         seen.find('d') != std::string::npos;
}

bool has_time_of_day(std::string_view format) {
  return format.find("%H") != std::string_view::npos || format.find("%M") != std::string_view::npos ||
         format.find("%S") != std::string_view::npos;
}

bool fits_nanoseconds(const PointInTime& point) {
  // 1677-09-21T00:12:44 to 2262-04-11T23:47:15, whole.
  return point.seconds >= -9'223'372'035 && point.seconds <= 9'223'372'035;
}

}  // namespace canvasback::delimited
