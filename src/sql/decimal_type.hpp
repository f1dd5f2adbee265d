// DecimalType: the digits of a DECIMAL as the engine writes its type.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace canvasback {

inline constexpr int kDecimalDigitsMax = 38;

struct DecimalType {
  int width = 0;  // 0: the type is no DECIMAL
  int scale = 0;
};

// Of DECIMAL(18,2).
inline DecimalType decimal_type(std::string_view type) {
  if (!type.starts_with("DECIMAL(")) return {};
  const std::string digits(type.substr(8));
  const std::size_t comma = digits.find(',');
  return {std::atoi(digits.c_str()), comma == std::string::npos ? 0 : std::atoi(digits.c_str() + comma + 1)};
}

}  // namespace canvasback
