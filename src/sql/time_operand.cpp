#include "sql/time_operand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace canvasback {
namespace {

using Wide = __int128;

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::string_view kZoned = "TIMESTAMP WITH TIME ZONE";

// What a text says, in parts.
struct Moment {
  bool has_date = false;
  bool has_time = false;
  bool has_offset = false;
  std::int64_t days = 0;     // since 1970
  std::int64_t seconds = 0;  // of the day, less the offset
  std::string fraction;      // digits of a second, without zeros at the end
};

// Reads a text from its beginning.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Digits, so many at least and at most; nothing where there are fewer.
  std::optional<std::int64_t> number(std::size_t least, std::size_t most) {
    std::size_t length = 0;
    while (length < most && length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9') ++length;
    if (length < least) return std::nullopt;
    std::int64_t out = 0;
    for (std::size_t i = 0; i < length; ++i) out = out * 10 + (rest_[i] - '0');
    rest_.remove_prefix(length);
    return out;
  }
  std::string digits() {
    const std::size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return out;
  }
  char next() const { return rest_.empty() ? '\0' : rest_.front(); }

 private:
  std::string_view rest_;
};

// Days since 1970 of the proleptic Gregorian calendar.
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

std::int64_t days_in(std::int64_t year, std::int64_t month) {
  constexpr std::array<std::int64_t, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

bool take_date(Scanner& in, Moment& out) {
  const bool negative = in.take('-');
  if (!negative) in.take('+');
  const auto year = in.number(4, 7);
  if (!year || !in.take('-')) return false;
  const auto month = in.number(1, 2);
  if (!month || *month < 1 || *month > 12 || !in.take('-')) return false;
  const auto day = in.number(1, 2);
  const std::int64_t signed_year = negative ? -*year : *year;
  if (!day || *day < 1 || *day > days_in(signed_year, *month)) return false;
  out.days = days_of(signed_year, *month, *day);
  out.has_date = true;
  return true;
}

bool take_time(Scanner& in, Moment& out) {
  const auto hours = in.number(1, 2);
  if (!hours || !in.take(':')) return false;
  const auto minutes = in.number(2, 2);
  if (!minutes || *minutes > 59) return false;
  std::int64_t seconds = 0;
  if (in.take(':')) {
    const auto found = in.number(2, 2);
    if (!found || *found > 59) return false;
    seconds = *found;
    if (in.take('.')) {
      out.fraction = in.digits();
      if (out.fraction.empty()) return false;
      out.fraction.erase(out.fraction.find_last_not_of('0') + 1);
    }
  }
  out.seconds = *hours * 3600 + *minutes * 60 + seconds;
  out.has_time = true;
  return out.seconds < kDaySeconds || (out.seconds == kDaySeconds && out.fraction.empty());
}

bool take_offset(Scanner& in, Moment& out) {
  in.take(' ');
  if (in.at_end()) return true;
  out.has_offset = true;
  if (in.take('Z') || in.take('z')) return true;
  const bool negative = in.next() == '-';
  if (!negative && in.next() != '+') return false;
  in.take(in.next());
  const auto hours = in.number(2, 2);
  if (!hours || *hours > 23) return false;
  std::int64_t offset = *hours * 3600;
  for (const std::int64_t unit : {60, 1}) {
    const bool colon = in.take(':');
    const auto part = in.number(2, 2);
    if (!part && colon) return false;
    if (!part) break;
    if (*part > 59) return false;
    offset += *part * unit;
  }
  out.seconds -= negative ? -offset : offset;
  return true;
}

std::optional<Moment> moment_of(std::string_view text, bool with_date) {
  Scanner in(text);
  Moment out;
  if (with_date && !take_date(in, out)) return std::nullopt;
  if (in.at_end()) return with_date ? std::optional(out) : std::nullopt;
  if (with_date && !in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
  if (!take_time(in, out) || !take_offset(in, out) || !in.at_end()) return std::nullopt;
  return out;
}

// A fraction in units of ten to the minus `digits`; between: it has more digits.
std::int64_t units_of(const std::string& fraction, std::size_t digits, bool& between) {
  std::int64_t out = 0;
  for (std::size_t i = 0; i < digits; ++i) out = out * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  between = fraction.size() > digits;
  return out;
}

Error no_such_value(const std::string& type, std::string_view text, std::string_view example) {
  return Error{ErrorCode::InvalidData,
               fmt::format("\"{}\" is no value of a {} column; an example is {}.", text.substr(0, 64), type, example),
               {},
               {},
               0};
}

Result<TimeOperand> time_of_day(const std::string& column, const std::string& type, std::string_view text) {
  const auto moment = moment_of(text, false);
  if (!moment || moment->has_offset) return fail(no_such_value(type, text, "06:30:00.5"));
  TimeOperand out{column, {}, false, {}};
  const std::size_t digits = type == "TIME_NS" ? 9 : 6;
  const std::int64_t part = units_of(moment->fraction, digits, out.between);
  const std::int64_t seconds = moment->seconds;
  out.value = fmt::format("CAST('{:02}:{:02}:{:02}.{:0{}}' AS {})", seconds / 3600, seconds / 60 % 60, seconds % 60,
                          part, digits, type);
  // The end of the day is no sum of its beginning and something.
  if (seconds < kDaySeconds) out.number = seconds * (digits == 9 ? 1'000'000'000 : 1'000'000) + part;
  return out;
}

}  // namespace

bool has_time_operand(std::string_view type) {
  constexpr std::array<std::string_view, 8> kTypes{"DATE",        "TIME",         "TIME_NS",      "TIMESTAMP",
                                                   "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", kZoned};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

std::string time_from_number_sql(std::string_view type, const std::string& number) {
  if (type == "DATE") return fmt::format("(DATE '1970-01-01' + CAST({} AS INTEGER))", number);
  if (type == "TIME") return fmt::format("(TIME '00:00:00' + to_microseconds(CAST({} AS BIGINT)))", number);
  if (type == "TIME_NS") return fmt::format("CAST(make_timestamp_ns(CAST({} AS BIGINT)) AS TIME_NS)", number);
  if (type == "TIMESTAMP_NS") return fmt::format("make_timestamp_ns(CAST({} AS BIGINT))", number);
  const std::string time = fmt::format("make_timestamp(CAST({} AS BIGINT))", number);
  return type == kZoned ? fmt::format("CAST({} AS {})", time, kZoned) : time;
}

Result<TimeOperand> time_operand(const std::string& column, const std::string& type, std::string_view text) {
  text = trim(text);
  if (type == "TIME" || type == "TIME_NS") return time_of_day(column, type, text);
  const std::string small = lower(text);
  if (small == "infinity" || small == "-infinity" || small == "inf" || small == "-inf") {
    const std::string_view value = small.starts_with('-') ? "-infinity" : "infinity";
    return TimeOperand{column, fmt::format("CAST('{}' AS {})", value, type), false, {}};
  }
  const auto moment = moment_of(text, true);
  if (!moment) return fail(no_such_value(type, text, type == "DATE" ? "2024-03-10" : "2024-03-10T06:30:00"));
  TimeOperand out{column, {}, false, {}};
  if (type == "DATE") {
    if (moment->has_offset) return fail(no_such_value(type, text, "2024-03-10"));
    if (moment->seconds == 0 && moment->fraction.empty()) {
      out.number = moment->days;
      out.value = time_from_number_sql(type, std::to_string(moment->days));
      return out;
    }
  }
  const auto units = [&](std::size_t digits) {
    std::int64_t unit = 1;
    for (std::size_t i = 0; i < digits; ++i) unit *= 10;
    const Wide seconds = Wide{moment->days} * kDaySeconds + moment->seconds;
    return seconds * unit + units_of(moment->fraction, digits, out.between);
  };
  const auto fits = [](Wide number) { return number > Wide{INT64_MIN} + 1 && number < Wide{INT64_MAX}; };
  if (type == "TIMESTAMP_NS") {
    if (const Wide number = units(9); fits(number)) {
      out.number = static_cast<std::int64_t>(number);
      out.value = time_from_number_sql(type, std::to_string(*out.number));
      return out;
    }
  }
  const Wide number = units(6);
  if (!fits(number)) return fail(no_such_value(type, text, "2024-03-10T06:30:00"));
  const bool is_own = type == "TIMESTAMP" || type == kZoned;
  // Years past those of nanoseconds, and times of day beside dates.
  if (!is_own) out.left = fmt::format("CAST({} AS TIMESTAMP)", column);
  out.value = time_from_number_sql(is_own ? type : "TIMESTAMP", std::to_string(static_cast<std::int64_t>(number)));
  if (is_own || type == "TIMESTAMP_S" || type == "TIMESTAMP_MS") out.number = static_cast<std::int64_t>(number);
  return out;
}

}  // namespace canvasback
