#include "base/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>

#include "base/json.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

__extension__ using uint128 = unsigned __int128;

constexpr auto kPowersOfTen = [] {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (auto& entry : powers) {
    entry = power;
    power *= 10;  // wraps after the last entry
  }
  return powers;
}();

// "00", "01", … "99".
constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

template <class Word>
void copy_word(char* to, const char* from) {
  std::memcpy(to, from, sizeof(Word));
}

// Values are mostly short: two loads that overlap cost less than a call of memcpy.
char* copy(char* out, std::string_view text) {
  const char* from = text.data();
  const std::size_t size = text.size();
  if (size > 16) {
    std::memcpy(out, from, size);
  } else if (size >= 8) {
    copy_word<std::uint64_t>(out, from);
    copy_word<std::uint64_t>(out + size - 8, from + size - 8);
  } else if (size >= 4) {
    copy_word<std::uint32_t>(out, from);
    copy_word<std::uint32_t>(out + size - 4, from + size - 4);
  } else {
    for (std::size_t i = 0; i < size; ++i) out[i] = from[i];
  }
  return out + size;
}

char* write_pair(char* out, std::uint64_t value) {
  std::memcpy(out, &kPairs[2 * value], 2);
  return out + 2;
}

int digit_count(std::uint64_t value) {
  value |= 1;
  const int guess = std::bit_width(value) * 1233 >> 12;  // 1233 / 4096 is just above log10(2)
  return guess + (value >= kPowersOfTen[static_cast<std::size_t>(guess)] ? 1 : 0);
}

// Exactly `count` digits, with leading zeros.
char* write_digits(char* out, std::uint64_t value, int count) {
  char* position = out + count;
  while (position - out >= 2) {
    position -= 2;
    const std::uint64_t rest = value / 100;
    write_pair(position, value - rest * 100);
    value = rest;
  }
  if (position > out) *out = static_cast<char>('0' + value % 10);
  return out + count;
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

// Text bytes that need a look, eight at a time: the high bit of a byte of the result marks it. A borrow may mark bytes
// above a marked one falsely, so only "any" can be asked.
constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

std::uint64_t bytes_equal(std::uint64_t word, char byte) {
  const std::uint64_t difference = word ^ (kOnes * static_cast<unsigned char>(byte));
  return (difference - kOnes) & ~difference & kHighs;
}
std::uint64_t json_special(std::uint64_t word) {
  const std::uint64_t control = (word - kOnes * 0x20) & ~word;
  return ((control | word) & kHighs) | bytes_equal(word, '"') | bytes_equal(word, '\\');
}
std::uint64_t json_escaped(std::uint64_t word) {
  const std::uint64_t control = (word - kOnes * 0x20) & ~word;
  return (control & kHighs) | bytes_equal(word, '"') | bytes_equal(word, '\\');
}
std::uint64_t csv_special(std::uint64_t word) {
  return bytes_equal(word, ',') | bytes_equal(word, '"') | bytes_equal(word, '\n') | bytes_equal(word, '\r');
}

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Whether any byte of the text is special. Short texts are covered by two overlapping loads.
template <std::uint64_t (*Special)(std::uint64_t)>
bool any_special(std::string_view text) {
  const char* data = text.data();
  const std::size_t size = text.size();
  if (size == 0) return false;
  if (size >= 8) {
    std::uint64_t found = 0;
    for (std::size_t i = 0; i + 8 <= size; i += 8) found |= Special(load<std::uint64_t>(data + i));
    return (found | Special(load<std::uint64_t>(data + size - 8))) != 0;
  }
  if (size >= 4) {
    const std::uint64_t low = load<std::uint32_t>(data);
    const std::uint64_t high = load<std::uint32_t>(data + size - 4);
    return Special(low | high << 32) != 0;
  }
  std::uint64_t word = kOnes * 'a';
  std::memcpy(&word, data, size);
  return Special(word) != 0;
}

}  // namespace

TextWriter::TextWriter(std::string& out) : out_(out) {
  const std::size_t used = out.size();
  // The bytes behind the cursor are never read: clearing them first would double the cost of small values.
  out.resize_and_overwrite(std::max<std::size_t>(out.capacity(), 64), [](char*, std::size_t size) { return size; });
  begin_ = out.data();
  cursor_ = begin_ + used;
  end_ = begin_ + out.size();
}

void TextWriter::grow(std::size_t count) {
  const std::size_t used = size();
  const std::size_t wanted = std::max(used + count, out_.size() + out_.size() / 2);
  out_.resize_and_overwrite(wanted, [](char*, std::size_t size) { return size; });
  begin_ = out_.data();
  cursor_ = begin_ + used;
  end_ = begin_ + out_.size();
}

void write_json_string(TextWriter& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (!any_special<json_special>(text)) {
    char* position = out.reserve(text.size() + 2);
    *position++ = '"';
    if (!text.empty()) position = copy(position, text);
    *position++ = '"';
    return out.advance_to(position);
  }
  // Mostly what is special are letters beyond ASCII.
  if (!any_special<json_escaped>(text) && is_valid_utf8(text)) {
    char* position = out.reserve(text.size() + 2);
    *position++ = '"';
    position = copy(position, text);
    *position++ = '"';
    return out.advance_to(position);
  }
  out.append('"');
  std::size_t clean = 0;  // start of the bytes that are copied as they are
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
      ++i;
      continue;
    }
    if (const std::size_t length = byte < 0x80 ? 0 : utf8_sequence_length(text.substr(i)); length > 0) {
      i += length;
      continue;
    }
    out.append(text.substr(clean, i - clean));
    switch (byte) {
      case '"': out.append("\\\""); break;
      case '\\': out.append("\\\\"); break;
      case '\n': out.append("\\n"); break;
      case '\r': out.append("\\r"); break;
      case '\t': out.append("\\t"); break;
      default:
        if (byte >= 0x80) {
          out.append("\xEF\xBF\xBD");
        } else {
          out.append("\\u00");
          out.append(kHex[byte >> 4]);
          out.append(kHex[byte & 15]);
        }
    }
    clean = ++i;
  }
  out.append(text.substr(clean));
  out.append('"');
}

bool csv_needs_quotes(std::string_view text) {
  return text.empty() || text.front() == ' ' || text.back() == ' ' || any_special<csv_special>(text);
}

void write_csv_string(TextWriter& out, std::string_view text) {
  if (!csv_needs_quotes(text)) return out.append(text);
  out.append('"');
  while (true) {
    const std::size_t quote = text.find('"');
    if (quote == std::string_view::npos) break;
    out.append(text.substr(0, quote + 1));
    out.append('"');
    text.remove_prefix(quote + 1);
  }
  out.append(text);
  out.append('"');
}

char* write_integer(char* out, std::uint64_t value) { return write_digits(out, value, digit_count(value)); }

char* write_integer(char* out, std::int64_t value) {
  if (value < 0) *out++ = '-';
  return write_integer(out, magnitude(value));
}

namespace {

// significand × 10^exponent, laid out as write_double documents it.
char* write_shortest(char* out, std::uint64_t significand, int exponent) {
  const int count = digit_count(significand);
  const int scientific = exponent + count - 1;  // exponent of the first digit
  if (scientific < -4 || scientific >= 16) {
    write_digits(out + 1, significand, count);
    out[0] = out[1];
    out[1] = '.';
    out += count > 1 ? count + 1 : 1;
    *out++ = 'e';
    *out++ = scientific < 0 ? '-' : '+';
    const auto size = static_cast<std::uint64_t>(std::abs(scientific));
    return size < 100 ? write_pair(out, size) : write_integer(out, size);
  }
  if (exponent >= 0) {
    out = write_digits(out, significand, count);
    std::memset(out, '0', static_cast<std::size_t>(exponent));
    return copy(out + exponent, ".0");
  }
  if (scientific < 0) {
    out = copy(out, "0.000");
    return write_digits(out - 4 - scientific, significand, count);
  }
  const int whole = scientific + 1;
  write_digits(out + 1, significand, count);
  for (int i = 0; i < whole; ++i) out[i] = out[i + 1];
  out[whole] = '.';
  return out + count + 1;
}

struct Shortest {
  std::uint64_t significand;
  int exponent;
};

// The shortest digits of a number of at most four decimals, such as a price, which most numbers that people keep are.
// Two decimals of up to 15 digits are never the nearest to the same double, so where n × 10^-4 gives the value back, no
// shorter decimal does. Dividing by a power of ten that is exact rounds only once.
std::optional<Shortest> few_decimals(double size) {
  constexpr double kScale = 1e4;
  constexpr double kLimit = 1e15 / kScale;
  if (!(size >= 1 / kScale && size < kLimit)) return std::nullopt;
  auto digits = static_cast<std::uint64_t>(static_cast<std::int64_t>(size * kScale + 0.5));
  if (static_cast<double>(digits) / kScale != size) return std::nullopt;
  int exponent = -4;
  if (digits % 100 == 0) {
    digits /= 100;
    exponent += 2;
  }
  if (digits % 10 == 0) {
    digits /= 10;
    ++exponent;
  }
  if (exponent == -1 && digits % 10 == 0) {
    digits /= 10;
    exponent = 0;
  }
  return Shortest{digits, exponent};
}
std::optional<Shortest> few_decimals(float) { return std::nullopt; }

template <class Float>
char* write_floating(char* out, Float value) {
  if (std::isnan(value)) return copy(out, "NaN");
  if (std::signbit(value)) *out++ = '-';
  if (std::isinf(value)) return copy(out, "Infinity");
  if (value == 0) return copy(out, "0.0");
  if (const auto shortest = few_decimals(std::abs(value))) {
    return write_shortest(out, shortest->significand, shortest->exponent);
  }
  // Measured on 10^6 numbers: 29 ns, fmt::format_to 34 ns, std::to_chars 47 ns.
  const auto decimal = fmt::detail::dragonbox::to_decimal(std::abs(value));
  return write_shortest(out, decimal.significand, decimal.exponent);
}

}  // namespace

char* write_double(char* out, double value) { return write_floating(out, value); }
char* write_float(char* out, float value) { return write_floating(out, value); }

namespace {

// Puts the decimal point into a number's digits (without leading zeros, "0" for zero).
char* place_point(char* out, std::string_view digits, int scale) {
  const auto fraction = static_cast<std::size_t>(std::max(scale, 0));
  if (digits.size() > fraction) {
    out = copy(out, digits.substr(0, digits.size() - fraction));
    digits.remove_prefix(digits.size() - fraction);
  } else {
    *out++ = '0';
  }
  if (scale > 0) {
    *out++ = '.';
    std::memset(out, '0', fraction - digits.size());
    return copy(out + fraction - digits.size(), digits);
  }
  std::memset(out, '0', static_cast<std::size_t>(-scale));
  return out - scale;
}

}  // namespace

char* write_decimal64(char* out, std::int64_t value, int scale) {
  assert(std::abs(scale) <= kDecimalScaleMax);
  if (value < 0) *out++ = '-';
  const std::uint64_t size = magnitude(value);
  if (scale == 0 || (scale < 0 && value == 0)) return write_integer(out, size);
  if (scale > 0 && scale <= 18) {
    const std::uint64_t power = kPowersOfTen[static_cast<std::size_t>(scale)];
    const std::uint64_t whole = size / power;
    out = write_integer(out, whole);
    *out++ = '.';
    return write_digits(out, size - whole * power, scale);
  }
  char digits[kIntegerChars];
  const char* end = write_integer(digits, size);
  return place_point(out, std::string_view(digits, static_cast<std::size_t>(end - digits)), scale);
}

char* write_decimal128(char* out, std::int64_t high, std::uint64_t low, int scale) {
  if (high == static_cast<std::int64_t>(low) >> 63) {
    return write_decimal64(out, static_cast<std::int64_t>(low), scale);
  }
  const auto extension = high < 0 ? ~std::uint64_t{0} : 0;
  return write_decimal256(out, {low, static_cast<std::uint64_t>(high), extension, extension}, scale);
}

char* write_decimal256(char* out, const std::array<std::uint64_t, 4>& limbs, int scale) {
  assert(std::abs(scale) <= kDecimalScaleMax);
  std::array<std::uint64_t, 4> rest = limbs;
  if (rest[3] >> 63 != 0) {
    *out++ = '-';
    std::uint64_t carry = 1;
    for (auto& limb : rest) {
      limb = ~limb + carry;
      carry = carry != 0 && limb == 0 ? 1 : 0;
    }
  }
  // Nineteen digits at a time, from the right: 2^256 has 78.
  constexpr int kChunkDigits = 19;
  char digits[5 * kChunkDigits];
  char* start = digits + sizeof digits;
  while (std::ranges::any_of(rest, [](std::uint64_t limb) { return limb != 0; })) {
    std::uint64_t remainder = 0;
    for (std::size_t i = rest.size(); i-- > 0;) {
      const uint128 dividend = uint128{remainder} << 64 | rest[i];
      rest[i] = static_cast<std::uint64_t>(dividend / kPowersOfTen[kChunkDigits]);
      remainder = static_cast<std::uint64_t>(dividend % kPowersOfTen[kChunkDigits]);
    }
    start -= kChunkDigits;
    write_digits(start, remainder, kChunkDigits);
  }
  std::string_view text(start, static_cast<std::size_t>(digits + sizeof digits - start));
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  if (text.empty()) return write_decimal64(out, 0, scale);
  return place_point(out, text, scale);
}

namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

struct Split {
  std::int64_t quotient;
  std::int64_t remainder;  // from 0 to the divisor - 1
};
template <std::int64_t Divisor>
Split floor_divide(std::int64_t value) {
  Split split{value / Divisor, value % Divisor};
  if (split.remainder < 0) {
    split.remainder += Divisor;
    --split.quotient;
  }
  return split;
}

struct Date {
  std::int64_t year;
  std::uint32_t month;  // 1 to 12
  std::uint32_t day;    // 1 to 31
};

// Days are counted from 0000-03-01, so that a leap day ends a year, in eras of 400 years (146,097 days).
Date date_of(std::int64_t days_since_epoch) {
  const auto [era, day_of_era] = floor_divide<146'097>(days_since_epoch + 719'468);
  const auto doe = static_cast<std::uint32_t>(day_of_era);
  // Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2021): quarters of
  // days, so that one division gives the century, and multiplications give the year, the month and the day in it.
  const std::uint32_t quarters = 4 * doe + 3;
  const std::uint32_t century = quarters / 146'097;
  const std::uint64_t scaled = std::uint64_t{2'939'745} * (quarters % 146'097 | 3);
  const auto year_of_century = static_cast<std::uint32_t>(scaled >> 32);
  const auto day_of_year = static_cast<std::uint32_t>(scaled) / 2'939'745 / 4;
  const std::uint32_t months = 2141 * day_of_year + 197'913;  // 3 is March, 14 February
  const bool next_year = day_of_year >= 306;
  return {era * 400 + 100 * century + year_of_century + (next_year ? 1 : 0), (months >> 16) - (next_year ? 12 : 0),
          (months & 0xffff) / 2141 + 1};
}

char* write_day(char* out, std::int64_t days_since_epoch) {
  const auto [year, month, day] = date_of(days_since_epoch);
  if (year < 0 || year > 9999) {
    *out++ = year < 0 ? '-' : '+';
    const std::uint64_t size = magnitude(year);
    out = write_digits(out, size, std::max(4, digit_count(size)));
  } else {
    const auto small = static_cast<std::uint32_t>(year);
    out = write_pair(out, small / 100);
    out = write_pair(out, small % 100);
  }
  *out++ = '-';
  out = write_pair(out, month);
  *out++ = '-';
  return write_pair(out, day);
}

char* write_clock(char* out, std::uint64_t seconds) {
  const std::uint64_t hours = seconds / 3600;
  const auto rest = static_cast<std::uint32_t>(seconds - hours * 3600);
  out = hours < 100 ? write_pair(out, hours) : write_integer(out, hours);
  *out++ = ':';
  out = write_pair(out, rest / 60);
  *out++ = ':';
  return write_pair(out, rest % 60);
}

// ".125": three, six or nine digits, none for zero. `digits` says how fine the fraction is.
char* write_fraction(char* out, std::uint64_t fraction, int digits) {
  if (fraction == 0) return out;
  while (digits > 3 && fraction % 1000 == 0) {
    fraction /= 1000;
    digits -= 3;
  }
  *out++ = '.';
  return write_digits(out, fraction, digits);
}

template <int Digits>
constexpr std::int64_t kPerSecond = static_cast<std::int64_t>(kPowersOfTen[Digits]);

// Calls `function.template operator()<Digits>()`, Digits being how many digits a fraction of a second has.
template <class Function>
char* with_digits(TimeUnit unit, Function function) {
  switch (unit) {
    case TimeUnit::Second: return function.template operator()<0>();
    case TimeUnit::Millisecond: return function.template operator()<3>();
    case TimeUnit::Microsecond: return function.template operator()<6>();
    case TimeUnit::Nanosecond: break;
  }
  return function.template operator()<9>();
}

// One part of an ISO 8601 duration, left out where zero.
char* write_part(char* out, bool negative, std::uint64_t value, char name) {
  if (value == 0) return out;
  if (negative) *out++ = '-';
  out = write_integer(out, value);
  *out++ = name;
  return out;
}

// "T26H3M4.500S", nothing for zero.
template <int Digits>
char* write_elapsed(char* out, std::int64_t value) {
  if (value == 0) return out;
  const std::uint64_t size = magnitude(value);
  const std::uint64_t seconds = size / kPerSecond<Digits>;
  const std::uint64_t fraction = size % kPerSecond<Digits>;
  *out++ = 'T';
  out = write_part(out, value < 0, seconds / 3600, 'H');
  out = write_part(out, value < 0, seconds / 60 % 60, 'M');
  if (seconds % 60 == 0 && fraction == 0) return out;
  if (value < 0) *out++ = '-';
  out = write_fraction(write_integer(out, seconds % 60), fraction, Digits);
  *out++ = 'S';
  return out;
}

}  // namespace

char* write_date(char* out, std::int32_t days_since_epoch) {
  constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
  if (days_since_epoch == kMax) return copy(out, "infinity");
  if (days_since_epoch <= -kMax) return copy(out, "-infinity");
  return write_day(out, days_since_epoch);
}

char* write_date_ms(char* out, std::int64_t ms_since_epoch) {
  return write_day(out, floor_divide<kSecondsPerDay * 1000>(ms_since_epoch).quotient);
}

char* write_time(char* out, std::int64_t since_midnight, TimeUnit unit) {
  return with_digits(unit, [&]<int Digits>() {
    if (since_midnight < 0) *out++ = '-';  // no valid time, yet told as it is
    const std::uint64_t size = magnitude(since_midnight);
    out = write_clock(out, size / kPerSecond<Digits>);
    return write_fraction(out, size % kPerSecond<Digits>, Digits);
  });
}

char* write_timestamp(char* out, std::int64_t since_epoch, TimeUnit unit, bool utc) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (since_epoch == kMax) return copy(out, "infinity");
  if (since_epoch == -kMax) return copy(out, "-infinity");
  return with_digits(unit, [&]<int Digits>() {
    const auto [seconds, fraction] = floor_divide<kPerSecond<Digits>>(since_epoch);
    const auto [days, second_of_day] = floor_divide<kSecondsPerDay>(seconds);
    out = write_day(out, days);
    *out++ = 'T';
    out = write_clock(out, static_cast<std::uint64_t>(second_of_day));
    out = write_fraction(out, static_cast<std::uint64_t>(fraction), Digits);
    if (utc) *out++ = 'Z';
    return out;
  });
}

char* write_interval(char* out, std::int32_t months, std::int32_t days, std::int64_t nanoseconds) {
  if (months == 0 && days == 0 && nanoseconds == 0) return copy(out, "PT0S");
  *out++ = 'P';
  const std::uint64_t month_count = magnitude(months);
  out = write_part(out, months < 0, month_count / 12, 'Y');
  out = write_part(out, months < 0, month_count % 12, 'M');
  out = write_part(out, days < 0, magnitude(days), 'D');
  return write_elapsed<9>(out, nanoseconds);
}

char* write_duration(char* out, std::int64_t value, TimeUnit unit) {
  if (value == 0) return copy(out, "PT0S");
  *out++ = 'P';
  return with_digits(unit, [&]<int Digits>() { return write_elapsed<Digits>(out, value); });
}

}  // namespace canvasback
