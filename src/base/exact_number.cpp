#include "base/exact_number.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace canvasback {
namespace {

constexpr std::size_t kDoubleDigits = 15;      // so many significant ones every double gives back
constexpr std::size_t kIntegerDigits = 18;     // so many fit 64 bits
constexpr std::size_t kExponentDigits = 5;     // more say nothing that a double could
constexpr std::int64_t kExactDigitsMax = 400;  // of a number written out: any double is shorter

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_in_number(char c) { return is_digit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'; }

// Whether the number may not come back from a double, or from 64 bits where it is an integer.
bool is_long(std::string_view number) {
  const std::size_t exponent = number.find_first_of("eE");
  const bool integer = exponent == std::string_view::npos && number.find('.') == std::string_view::npos;
  std::size_t digits = 0;
  for (char c : number.substr(0, exponent)) {
    if (is_digit(c) && (digits > 0 || c != '0')) ++digits;
  }
  if (!integer) return digits > kDoubleDigits;
  if (digits <= kIntegerDigits) return false;
  std::int64_t small = 0;
  std::uint64_t large = 0;
  const char* end = number.data() + number.size();
  return std::from_chars(number.data(), end, small).ec != std::errc{} &&
         std::from_chars(number.data(), end, large).ec != std::errc{};
}

std::size_t end_of_string(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return std::min(at + 1, json.size());
}

}  // namespace

std::string long_numbers_kept(std::string_view json, LongNumbers form) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      at = end_of_string(json, at);
      continue;
    }
    if (!is_digit(json[at]) && json[at] != '-') {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < json.size() && is_in_number(json[at])) ++at;
    const std::string_view number = json.substr(begin, at - begin);
    // What is no number stays, for the parser to refuse.
    if (!is_long(number) || number.find('+') == 0 || !parse_exact_number(number)) continue;
    out += json.substr(copied, begin - copied);
    out += form == LongNumbers::Text ? "\"" : "{\"number\":\"";
    out += number;
    out += form == LongNumbers::Text ? "\"" : "\"}";
    copied = at;
  }
  out += json.substr(copied);
  return out;
}

std::string ExactNumber::text() const {
  std::string out = negative ? "-" : "";
  out += whole.empty() ? "0" : whole;
  if (!fraction.empty()) out += "." + fraction;
  return out;
}

std::optional<ExactNumber> parse_exact_number(std::string_view text) {
  ExactNumber out;
  if (text.starts_with('-') || text.starts_with('+')) {
    out.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::int64_t exponent = 0;
  if (const std::size_t at = text.find_first_of("eE"); at != std::string_view::npos) {
    std::string_view rest = text.substr(at + 1);
    if (rest.starts_with('+')) rest.remove_prefix(1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (error != std::errc{} || end != rest.data() + rest.size() || rest.size() > kExponentDigits) return std::nullopt;
    text = text.substr(0, at);
  }
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  if (whole.empty() && fraction.empty()) return std::nullopt;
  std::string digits = std::string(whole) + std::string(fraction);
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  auto point = static_cast<std::int64_t>(whole.size()) + exponent;
  const auto count = static_cast<std::int64_t>(digits.size());
  if (count > kExactDigitsMax || point > kExactDigitsMax || point < -kExactDigitsMax) return std::nullopt;
  if (point > count) digits.append(static_cast<std::size_t>(point - count), '0');
  if (point < 0) {
    digits.insert(0, static_cast<std::size_t>(-point), '0');
    point = 0;
  }
  out.whole = digits.substr(0, static_cast<std::size_t>(point));
  out.fraction = digits.substr(static_cast<std::size_t>(point));
  out.whole.erase(0, std::min(out.whole.find_first_not_of('0'), out.whole.size()));
  out.fraction.erase(out.fraction.find_last_not_of('0') + 1);
  if (out.whole.empty() && out.fraction.empty()) out.negative = false;
  return out;
}

}  // namespace canvasback
