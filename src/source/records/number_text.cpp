#include "source/records/number_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

namespace canvasback::records {
namespace {

constexpr std::size_t kDecimalDigitsMax = 38;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A JSON number's parts; ok where the text is one.
struct NumberText {
  bool ok = false;
  bool integer = true;
  std::string_view digits;  // of the integer part, without its sign
};

NumberText scan_number(std::string_view text) {
  NumberText out;
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t first = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  out.digits = text.substr(first, at - first);
  if (out.digits.empty() || (out.digits.size() > 1 && out.digits[0] == '0')) return out;
  if (at < text.size() && text[at] == '.') {
    out.integer = false;
    const std::size_t fraction = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == fraction) return out;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    out.integer = false;
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == exponent) return out;
  }
  out.ok = at == text.size();
  return out;
}

}  // namespace

bool add_plain_number(PlaceBuilder& place, std::int64_t row, const char*& at) {
  constexpr std::uint64_t kExact = std::uint64_t{1} << 53;
  constexpr std::ptrdiff_t kDigitsMax = 18;
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                       1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  const char* p = at;
  const bool negative = *p == '-';
  if (negative) ++p;
  const char* first = p;
  std::uint64_t digits = 0;
  for (; is_digit(*p); ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
  const std::ptrdiff_t whole = p - first;
  if (whole == 0 || whole > kDigitsMax || (whole > 1 && *first == '0') || *p == 'e' || *p == 'E') return false;
  if (*p != '.') {
    const auto integer = static_cast<std::int64_t>(digits);
    place.add_int(row, negative ? -integer : integer);
    at = p;
    return true;
  }
  const char* fraction = ++p;
  for (; is_digit(*p) && p - first <= kDigitsMax + 1; ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
  const std::ptrdiff_t behind = p - fraction;
  if (behind == 0 || whole + behind > kDigitsMax || is_digit(*p) || *p == 'e' || *p == 'E' || digits > kExact) {
    return false;
  }
  const double real = static_cast<double>(digits) / kPowers[behind];
  place.add_double(row, negative ? -real : real);
  at = p;
  return true;
}

NumberOutcome add_number(PlaceBuilder& place, std::int64_t row, std::string_view text) {
  const NumberText number = scan_number(text);
  if (!number.ok) return NumberOutcome::NoNumber;
  if (number.integer) {
    std::int64_t integer = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), integer).ec == std::errc()) {
      place.add_int(row, integer);
    } else if (number.digits.size() <= kDecimalDigitsMax) {
      place.add_big(row, arrow::Decimal128(std::string(text)));
    } else {
      place.add_string(row, text);
    }
    return NumberOutcome::Added;
  }
  double real = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), real).ec == std::errc::result_out_of_range) {
    // Also of numbers too small to tell from zero, which strtod rounds.
    real = std::strtod(std::string(text).c_str(), nullptr);
    if (!std::isfinite(real)) return NumberOutcome::TooLarge;
  }
  place.add_double(row, real);
  return NumberOutcome::Added;
}

}  // namespace canvasback::records
