#include "source/mysql/cell.hpp"

#include <chrono>

namespace canvasback {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

// Exactly so many digits.
bool read_digits(std::string_view& text, std::size_t count, int& number) {
  if (text.size() < count) return false;
  number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool skip(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

// "", ".5" to ".500000": all that is left.
bool read_fraction(std::string_view text, int& microsecond) {
  microsecond = 0;
  if (text.empty()) return true;
  if (!skip(text, '.') || text.empty() || text.size() > 6) return false;
  const std::size_t digits = text.size();
  if (!read_digits(text, digits, microsecond)) return false;
  for (std::size_t i = digits; i < 6; ++i) microsecond *= 10;
  return true;
}

bool read_minutes(std::string_view& text, int& minute, int& second, int& microsecond) {
  return skip(text, ':') && read_digits(text, 2, minute) && skip(text, ':') && read_digits(text, 2, second) &&
         read_fraction(text, microsecond) && minute < 60 && second < 60;
}

char* write_digits(char* out, unsigned number, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  return out + digits;
}

char* write_fraction(char* out, int microsecond, int digits) {
  if (digits <= 0) return out;
  *out++ = '.';
  auto number = static_cast<unsigned>(microsecond);
  for (int i = digits; i < 6; ++i) number /= 10;
  return write_digits(out, number, digits);
}

char* write_clock(char* out, int minute, int second) {
  *out++ = ':';
  out = write_digits(out, static_cast<unsigned>(minute), 2);
  *out++ = ':';
  return write_digits(out, static_cast<unsigned>(second), 2);
}

}  // namespace

bool MysqlMoment::is_possible() const {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  return month > 0 && day > 0 && date.ok() && hour < 24 && minute < 60 && second < 60 &&
         microsecond < kMicrosecondsPerSecond;
}

std::int32_t MysqlMoment::days_since_epoch() const {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  return sys_days(date).time_since_epoch().count();
}

std::int64_t MysqlMoment::microseconds_since_epoch() const {
  const std::int64_t seconds = std::int64_t{days_since_epoch()} * 86'400 + hour * 3600 + minute * 60 + second;
  return seconds * kMicrosecondsPerSecond + microsecond;
}

bool read_moment(CellCursor& cell, MysqlMoment& moment) {
  std::uint8_t length = 0;
  if (!cell.read(length) || length > cell.left()) return false;
  if (length == 0) return true;  // all zero
  if (length != 4 && length != 7 && length != 11) return false;
  const char* at = cell.at;
  cell.at += length;
  std::uint16_t year = 0;
  std::memcpy(&year, at, sizeof year);
  moment.year = year;
  moment.month = static_cast<std::uint8_t>(at[2]);
  moment.day = static_cast<std::uint8_t>(at[3]);
  if (length == 4) return true;
  moment.hour = static_cast<std::uint8_t>(at[4]);
  moment.minute = static_cast<std::uint8_t>(at[5]);
  moment.second = static_cast<std::uint8_t>(at[6]);
  if (length == 7) return true;
  std::uint32_t microsecond = 0;
  std::memcpy(&microsecond, at + 7, sizeof microsecond);
  moment.microsecond = static_cast<int>(microsecond & 0x7fffffff);
  return true;
}

bool read_span(CellCursor& cell, MysqlSpan& span) {
  std::uint8_t length = 0;
  if (!cell.read(length) || length > cell.left()) return false;
  if (length == 0) return true;
  if (length != 8 && length != 12) return false;
  const char* at = cell.at;
  cell.at += length;
  std::uint32_t days = 0;
  std::memcpy(&days, at + 1, sizeof days);
  span.negative = at[0] != 0;
  span.minute = static_cast<std::uint8_t>(at[6]);
  span.second = static_cast<std::uint8_t>(at[7]);
  if (days > 1000 || span.minute > 59 || span.second > 59) return false;
  span.hours = days * 24 + static_cast<std::uint8_t>(at[5]);
  if (length == 8) return true;
  std::uint32_t microsecond = 0;
  std::memcpy(&microsecond, at + 8, sizeof microsecond);
  if (microsecond >= kMicrosecondsPerSecond) return false;
  span.microsecond = static_cast<int>(microsecond);
  return true;
}

bool parse_moment(std::string_view text, MysqlMoment& moment) {
  moment = {};
  if (!read_digits(text, 4, moment.year) || !skip(text, '-') || !read_digits(text, 2, moment.month) ||
      !skip(text, '-') || !read_digits(text, 2, moment.day)) {
    return false;
  }
  if (text.empty()) return true;
  if (!skip(text, ' ') && !skip(text, 'T')) return false;
  return read_digits(text, 2, moment.hour) && moment.hour < 24 &&
         read_minutes(text, moment.minute, moment.second, moment.microsecond);
}

bool parse_span(std::string_view text, MysqlSpan& span) {
  span = {};
  span.negative = skip(text, '-');
  const std::size_t digits = text.find(':');
  int hours = 0;
  if (digits == std::string_view::npos || digits < 2 || digits > 3 || !read_digits(text, digits, hours)) return false;
  span.hours = static_cast<std::uint32_t>(hours);
  return read_minutes(text, span.minute, span.second, span.microsecond);
}

char* write_moment(char* out, const MysqlMoment& moment, bool with_time, int digits) {
  out = write_digits(out, static_cast<unsigned>(moment.year), 4);
  *out++ = '-';
  out = write_digits(out, static_cast<unsigned>(moment.month), 2);
  *out++ = '-';
  out = write_digits(out, static_cast<unsigned>(moment.day), 2);
  if (!with_time) return out;
  *out++ = ' ';
  out = write_digits(out, static_cast<unsigned>(moment.hour), 2);
  return write_fraction(write_clock(out, moment.minute, moment.second), moment.microsecond, digits);
}

char* write_span(char* out, const MysqlSpan& span, int digits) {
  if (span.negative) *out++ = '-';
  out = write_digits(out, span.hours, span.hours < 100 ? 2 : span.hours < 1000 ? 3 : 5);
  return write_fraction(write_clock(out, span.minute, span.second), span.microsecond, digits);
}

}  // namespace canvasback
