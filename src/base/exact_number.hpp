// Decimal numbers as their digits. JSON numbers of requests are doubles in base/json.hpp; what a double does not
// hold (12345678901234567890.12) is kept as text by long_numbers_kept() before that, and compared or bound by its
// digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace canvasback {

// JSON text in which numbers that may lose digits as a double or 64-bit integer (more than 15 significant digits with a
// fraction or an exponent; integers past 64 bits) stand as strings, or as {"number": "…"} where strings mean something
// else. Everything else is as it was, malformed text too. Costs one pass over the text.
enum class LongNumbers { Text, Marked };
std::string long_numbers_kept(std::string_view json, LongNumbers form);

// A number without its exponent: whole.fraction, neither with zeros that say nothing ("0" → "" and "").
struct ExactNumber {
  bool negative = false;
  std::string whole;
  std::string fraction;

  // "-12.5", "0", "0.5".
  std::string text() const;
};

// Reads [+-]digits[.digits][e[+-]digits]; nothing for any other text, nor for one with more than some hundred digits.
std::optional<ExactNumber> parse_exact_number(std::string_view text);

}  // namespace canvasback
