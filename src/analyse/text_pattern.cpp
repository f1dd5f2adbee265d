#include "analyse/text_pattern.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analyse/hash_value.hpp"
#include "base/text.hpp"

namespace canvasback::analyse {
namespace {

constexpr std::size_t kPatternMax = 60;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// A digit of the shape stands for any digit, h for a hexadecimal one; other characters for themselves.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char wanted = shape[i];
    const bool fits = wanted == '9' ? is_digit(text[i]) : wanted == 'h' ? is_hex(text[i]) : wanted == text[i];
    if (!fits) return false;
  }
  return true;
}

std::string_view number_format(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t digits = 0;
  std::size_t marks = 0;
  for (char c : text) {
    digits += is_digit(c) ? 1 : 0;
    marks += c == '.' || c == ',' ? 1 : 0;
  }
  if (digits == 0 || digits + marks != text.size() || !is_digit(text.back())) return {};
  return marks == 0 ? "integer" : "decimal";
}

std::string_view date_format(std::string_view text) {
  if (has_shape(text, "9999-99-99") || has_shape(text, "9999/99/99")) return "date";
  if (has_shape(text, "99.99.9999") || has_shape(text, "99/99/9999") || has_shape(text, "99-99-9999"))
    return "date_dmy";
  if (has_shape(text, "99:99") || has_shape(text, "99:99:99")) return "time";
  if (text.size() >= 16 && (text[10] == 'T' || text[10] == ' ') && has_shape(text.substr(0, 10), "9999-99-99") &&
      has_shape(text.substr(11, 5), "99:99")) {
    return "timestamp";
  }
  return {};
}

}  // namespace

std::string pattern_of(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (out.size() >= kPatternMax) return out + "…";
    const char c = text[i];
    std::size_t end = i + 1;
    auto run = [&](auto belongs) {
      while (end < text.size() && belongs(text[end])) ++end;
    };
    if (is_digit(c)) {
      run(is_digit);
      out += '9';
      if (end - i > 1) fmt::format_to(std::back_inserter(out), FMT_COMPILE("{{{}}}"), end - i);
    } else if (is_capital(c)) {
      run(is_capital);
      out += end - i == 1 ? "A" : "A+";
    } else if (is_small(c) || static_cast<unsigned char>(c) >= 0x80) {
      run([](char d) { return is_small(d) || static_cast<unsigned char>(d) >= 0x80; });
      out += count_characters(text.substr(i, end - i)) == 1 ? "a" : "a+";
    } else {
      out += c;
    }
    i = end;
  }
  return out;
}

std::string_view format_of_text(std::string_view text) {
  if (text.empty()) return "empty";
  const std::string_view inner = trim(text);
  if (inner.empty()) return "blank";
  const char first = inner.front();
  if (is_digit(first) || first == '-' || first == '+' || first == '.') {
    if (auto found = date_format(inner); !found.empty()) return found;
    if (auto found = number_format(inner); !found.empty()) return found;
  }
  if (has_shape(inner, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh")) return "uuid";
  if (inner.size() <= 5) {
    const std::string word = lower(inner);
    if (word == "true" || word == "false") return "boolean";
  }
  const bool spaced = inner.find(' ') != std::string_view::npos;
  if (!spaced && (inner.starts_with("http://") || inner.starts_with("https://"))) return "url";
  const std::size_t at = inner.find('@');
  if (!spaced && at != std::string_view::npos && at > 0 && inner.find('.', at) != std::string_view::npos)
    return "email";
  return "text";
}

std::size_t count_characters(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const char* at = text.data();
  std::size_t left = text.size();
  std::size_t continued = 0;
  for (; left >= 8; at += 8, left -= 8) {
    const std::uint64_t word = load64(at);
    // One bit for each byte that is 10xxxxxx, added up by a multiplication.
    continued += ((((word >> 7) & ~(word >> 6)) & kOnes) * kOnes) >> 56;
  }
  for (; left > 0; ++at, --left) continued += (static_cast<unsigned char>(*at) & 0xC0) == 0x80 ? 1 : 0;
  return text.size() - continued;
}

std::string shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace canvasback::analyse
