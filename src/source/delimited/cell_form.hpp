// The form of one cell's text: what it would be a canonical text of. Canonical is what gives its text back when it is
// read as a value and written again, as standard writers write it; everything else is text (docs/text-files.md has the
// list). Pure; internal to source/delimited.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "record/text_reading.hpp"

namespace canvasback::delimited {

enum class CellForm : std::uint8_t {
  Text,
  EmptyText,      // ""
  Integer,        // magnitude at most 2^53
  WideInteger,    // other int64
  BigInteger,     // other integers of at most 38 digits
  Fraction,       // 1.5, 1.0: the shortest digits of its double
  ExactFraction,  // 1.10, 0.12345678901234567890: only a DECIMAL gives it back
  NegativeZero,   // -0.0: only a double
  Exponent,       // 1e-05, 1.5e+16, and Java's 1.0E10
  NotFinite,      // NaN nan Infinity -Infinity inf -inf Inf -Inf
  LowerBool,      // true false
  CapitalBool,    // True False
  UpperBool,      // TRUE FALSE
  Date,           // 2024-01-31
  Time,           // 23:59:59.999999
  Timestamp,      // of at most microseconds
  NanoTimestamp,  // of more, within 1677 to 2262
  Instant,        // a timestamp with a zone
};
inline constexpr int kCellForms = 18;

constexpr std::uint32_t bit(CellForm form) { return std::uint32_t{1} << static_cast<int>(form); }

struct FoundForm {
  CellForm form = CellForm::Text;
  std::uint8_t whole_digits = 0;     // of a Fraction, ExactFraction or NegativeZero, before the point
  std::uint8_t fraction_digits = 0;  // and behind it
  bool outside_nanoseconds = false;  // a Timestamp that a NanoTimestamp could not hold
};

// decimal: the byte before fractions.
FoundForm form_of(std::string_view text, char decimal);

// A number of any form, canonical or not: [+-]digits[.digits][e[+-]digits], with at least one digit before the
// exponent.
bool is_number_text(std::string_view text, char decimal);
// The double of such a text, or of one of NotFinite: the nearest. Nothing where it is too large, or too small.
std::optional<double> double_of(std::string_view text, char decimal);
std::optional<float> float_of(std::string_view text, char decimal);
// Whether a text of a number, which was read as this finite value, is a whole number that the value is not: what is
// beyond the digits of a double. Fractions are what they are rounded to.
bool is_other_integer(std::string_view text, char decimal, double value);
bool is_other_integer(std::string_view text, char decimal, float value);

}  // namespace canvasback::delimited
