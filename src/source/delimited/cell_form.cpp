#include "source/delimited/cell_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "source/delimited/time_text.hpp"

namespace canvasback::delimited {
namespace {

constexpr std::size_t kWholeDigitsMax = 38;         // of DECIMAL
constexpr std::size_t kSurelyExactDigits = 15;      // any decimal of so many is the shortest text of its double
constexpr std::size_t kDoubleDigitsMax = 17;        // no shortest text has more
constexpr std::size_t kNormalFractionDigits = 290;  // with no more, 15 digits are no subnormal number
constexpr std::size_t kNumberBytesMax = 400;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The parts of a number's text; `ok` where all of it is one.
struct NumberParts {
  bool ok = false;
  bool plus = false;
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  bool point = false;
  char exponent_letter = '\0';  // '\0': no exponent
  char exponent_sign = '\0';
  std::string_view exponent;
};

std::string_view take_digits(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(begin, at - begin);
}

NumberParts parts_of(std::string_view text, char decimal) {
  NumberParts out;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    out.negative = text[at] == '-';
    out.plus = text[at] == '+';
    ++at;
  }
  out.whole = take_digits(text, at);
  if (at < text.size() && text[at] == decimal) {
    out.point = true;
    ++at;
    out.fraction = take_digits(text, at);
  }
  if (out.whole.empty() && out.fraction.empty()) return out;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    out.exponent_letter = text[at++];
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) out.exponent_sign = text[at++];
    out.exponent = take_digits(text, at);
    if (out.exponent.empty()) return out;
  }
  out.ok = at == text.size();
  return out;
}

std::string_view without_zeros_before(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

std::string_view without_zeros_behind(std::string_view digits) {
  return digits.substr(0, digits.find_last_not_of('0') + 1);
}

// A number's digits without zeros at either end, where there are no more than a double's shortest text has.
class SignificantDigits {
 public:
  SignificantDigits(std::string_view whole, std::string_view fraction) {
    fraction = without_zeros_behind(fraction);
    if (fraction.empty()) whole = without_zeros_behind(whole);
    whole = without_zeros_before(whole);
    if (whole.empty()) fraction = without_zeros_before(fraction);
    too_many_ = whole.size() + fraction.size() > digits_.size();
    if (too_many_) return;
    size_ = whole.copy(digits_.data(), whole.size());
    size_ += fraction.copy(digits_.data() + size_, fraction.size());
  }
  bool too_many() const { return too_many_; }
  std::string_view text() const { return {digits_.data(), size_}; }

 private:
  std::array<char, kDoubleDigitsMax> digits_{};
  std::size_t size_ = 0;
  bool too_many_ = false;
};

// Whether the number's digits are the shortest that give its double.
bool has_shortest_digits(std::string_view text, const NumberParts& parts, char decimal) {
  const SignificantDigits digits(parts.whole, parts.fraction);
  if (digits.too_many()) return false;
  const std::optional<double> value = double_of(text, decimal);
  if (!value || *value == 0) return false;
  char written[64];
  const auto end = std::to_chars(written, written + sizeof written, std::abs(*value), std::chars_format::scientific);
  const std::string_view shortest(written, static_cast<std::size_t>(end.ptr - written));
  const std::string_view mantissa = shortest.substr(0, shortest.find('e'));
  const std::string_view fraction = mantissa.size() > 2 ? mantissa.substr(2) : std::string_view();
  return SignificantDigits(mantissa.substr(0, 1), fraction).text() == digits.text();
}

FoundForm integer_form(std::string_view digits, bool negative) {
  FoundForm out;
  if (digits.size() > kWholeDigitsMax || (negative && digits == "0")) return out;
  constexpr std::uint64_t kExact = std::uint64_t{1} << 53;
  constexpr auto kWideMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  out.form = CellForm::Integer;
  if (digits.size() <= kSurelyExactDigits) return out;
  out.form = CellForm::BigInteger;
  std::uint64_t value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) return out;
  if (value <= kExact) {
    out.form = CellForm::Integer;
  } else if (value <= kWideMax + (negative ? 1 : 0)) {
    out.form = CellForm::WideInteger;
  }
  return out;
}

FoundForm fraction_form(std::string_view text, const NumberParts& parts, char decimal) {
  FoundForm out;
  if (parts.whole.size() > kWholeDigitsMax || parts.fraction.size() > kNormalFractionDigits) return out;
  out.whole_digits = static_cast<std::uint8_t>(parts.whole == "0" ? 0 : parts.whole.size());
  out.fraction_digits = static_cast<std::uint8_t>(std::min<std::size_t>(parts.fraction.size(), 255));
  const bool zero = parts.whole == "0" && parts.fraction.find_first_not_of('0') == std::string_view::npos;
  const bool no_idle_zero = parts.fraction == "0" || parts.fraction.back() != '0';
  if (zero && parts.negative) {
    out.form = no_idle_zero ? CellForm::NegativeZero : CellForm::Text;
    return out;
  }
  out.form = CellForm::ExactFraction;
  if (!no_idle_zero) return out;
  const bool short_enough = parts.whole.size() + parts.fraction.size() <= kSurelyExactDigits;
  if (short_enough || has_shortest_digits(text, parts, decimal)) out.form = CellForm::Fraction;
  return out;
}

FoundForm exponent_form(std::string_view text, const NumberParts& parts, char decimal) {
  FoundForm out;
  if (parts.whole.size() != 1 || parts.whole == "0" || parts.exponent.size() > 3) return out;
  // Java writes 1.0E10 and 1.5E-7, everyone else a small letter and the sign; 1E5 is a code rather than a number.
  const bool java = parts.exponent_letter == 'E' && parts.point && parts.exponent_sign != '+';
  const bool others = parts.exponent_letter == 'e' && parts.exponent_sign != '\0';
  if (!java && !others) return out;
  if (parts.point && parts.fraction.back() == '0' && !(java && parts.fraction == "0")) return out;
  if (has_shortest_digits(text, parts, decimal)) out.form = CellForm::Exponent;
  return out;
}

// What most numbers are: at most 15 digits, perhaps a point among them; any zero is left to number_form.
std::optional<FoundForm> short_number_form(std::string_view text, char decimal) {
  const std::size_t first = text[0] == '-' ? 1 : 0;
  if (text.size() > kSurelyExactDigits + 1 || first == text.size()) return std::nullopt;
  std::size_t at = first;
  while (at < text.size() && is_digit(text[at])) ++at;
  const std::size_t whole = at - first;
  if (whole == 0 || text[first] == '0') return std::nullopt;
  if (at == text.size()) {
    if (whole > kSurelyExactDigits) return std::nullopt;
    return FoundForm{CellForm::Integer};
  }
  if (text[at] != decimal) return std::nullopt;
  const std::size_t fraction = text.size() - at - 1;
  if (fraction == 0 || whole + fraction > kSurelyExactDigits) return std::nullopt;
  for (++at; at < text.size(); ++at) {
    if (!is_digit(text[at])) return std::nullopt;
  }
  const bool idle_zero = text.back() == '0' && fraction > 1;
  return FoundForm{idle_zero ? CellForm::ExactFraction : CellForm::Fraction, static_cast<std::uint8_t>(whole),
                   static_cast<std::uint8_t>(fraction), false};
}

FoundForm number_form(std::string_view text, char decimal) {
  if (const auto form = short_number_form(text, decimal)) return *form;
  const NumberParts parts = parts_of(text, decimal);
  if (!parts.ok || parts.plus || parts.whole.empty() || (parts.point && parts.fraction.empty())) return {};
  if (parts.whole.size() > 1 && parts.whole[0] == '0') return {};
  if (parts.exponent_letter != '\0') return exponent_form(text, parts, decimal);
  if (parts.point) return fraction_form(text, parts, decimal);
  return integer_form(parts.whole, parts.negative);
}

FoundForm time_form(std::string_view text) {
  FoundForm out;
  if (text[2] == ':') {
    // Of nanoseconds only a text keeps all digits.
    const std::optional<TimeOfDay> time = parse_time(text);
    if (time && time->fraction_digits <= 6) out.form = CellForm::Time;
    return out;
  }
  if (text.size() == 10) {
    if (parse_date(text)) out.form = CellForm::Date;
    return out;
  }
  const std::optional<PointInTime> point = parse_point_in_time(text);
  if (!point) return out;
  const bool nanoseconds = point->fraction_digits > 6;
  if (point->has_zone) {
    if (!nanoseconds) out.form = CellForm::Instant;
    return out;
  }
  out.outside_nanoseconds = !fits_nanoseconds(*point);
  if (nanoseconds && out.outside_nanoseconds) return out;
  out.form = nanoseconds ? CellForm::NanoTimestamp : CellForm::Timestamp;
  return out;
}

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, text) != list.end();
}

bool is_not_finite(std::string_view text) {
  return is_any_of(text, {"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "Inf", "-Inf"});
}

CellForm word_form(std::string_view text) {
  if (text.size() > 9) return CellForm::Text;
  if (is_any_of(text, {"true", "false"})) return CellForm::LowerBool;
  if (is_any_of(text, {"True", "False"})) return CellForm::CapitalBool;
  if (is_any_of(text, {"TRUE", "FALSE"})) return CellForm::UpperBool;
  return is_not_finite(text) ? CellForm::NotFinite : CellForm::Text;
}

}  // namespace

FoundForm form_of(std::string_view text, char decimal) {
  if (text.empty()) return {CellForm::EmptyText};
  switch (text[0]) {
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      if (text.size() >= 8 && text.size() <= 35 && (text[2] == ':' || text[4] == '-')) return time_form(text);
      [[fallthrough]];
    case '-':
      if (text.size() > kNumberBytesMax) return {};
      if (text.size() > 1 && text[0] == '-' && !is_digit(text[1])) return {word_form(text)};
      return number_form(text, decimal);
    case 't':
    case 'f':
    case 'T':
    case 'F':
    case 'N':
    case 'n':
    case 'I':
    case 'i': return {word_form(text)};
    default: return {};
  }
}

bool is_number_text(std::string_view text, char decimal) { return parts_of(text, decimal).ok; }

namespace {

template <class Real>
std::optional<Real> real_of(std::string_view text, char decimal) {
  if (text.size() > kNumberBytesMax) return std::nullopt;
  if (is_not_finite(text)) {
    if (text == "NaN" || text == "nan") return std::numeric_limits<Real>::quiet_NaN();
    const Real infinity = std::numeric_limits<Real>::infinity();
    return text[0] == '-' ? -infinity : infinity;
  }
  char copy[kNumberBytesMax];
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* begin = text.data();
  if (decimal != '.') {
    std::ranges::replace_copy(text, copy, decimal, '.');
    begin = copy;
  }
  Real value = 0;
  const auto [end, error] = std::from_chars(begin, begin + text.size(), value);
  if (error != std::errc() || end != begin + text.size()) return std::nullopt;
  return value;
}

template <class Real>
bool is_integer_beside(std::string_view text, char decimal, Real value) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (const std::size_t point = text.find(decimal); point != std::string_view::npos) {
    if (text.find_first_not_of('0', point + 1) != std::string_view::npos) return false;
    text = text.substr(0, point);
  }
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  // Of as many digits all are exact. With an exponent a text is written in as many digits as it means.
  if (text.size() <= std::numeric_limits<Real>::digits10 || !std::ranges::all_of(text, is_digit)) return false;
  return fmt::format("{:.0f}", std::abs(static_cast<double>(value))) != text;
}

}  // namespace

std::optional<double> double_of(std::string_view text, char decimal) { return real_of<double>(text, decimal); }
std::optional<float> float_of(std::string_view text, char decimal) { return real_of<float>(text, decimal); }

bool is_other_integer(std::string_view text, char decimal, double value) {
  return is_integer_beside(text, decimal, value);
}
bool is_other_integer(std::string_view text, char decimal, float value) {
  return is_integer_beside(text, decimal, value);
}

}  // namespace canvasback::delimited
