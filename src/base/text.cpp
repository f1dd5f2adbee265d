#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/hash.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kNameBytesMax = 128;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode64(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= count) {
        out += alphabet[group >> (18 - 6 * k) & 63];
      } else if (pad) {
        out += '=';
      }
    }
  }
  return out;
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.empty() ? 0x80 : text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  // Overlong forms, surrogates and values past U+10FFFF.
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return length;
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is not a size such as 512MB or 2GiB.", text));
  };
  std::string_view rest = trim(text);
  double number = 0;
  auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (parsed.ec != std::errc{} || !(number >= 0)) return bad();
  rest = trim(rest.substr(static_cast<std::size_t>(parsed.ptr - rest.data())));
  std::string unit = lower(rest);
  if (!unit.empty() && unit.back() == 'b') unit.pop_back();
  double factor = 1;
  if (!unit.empty()) {
    const std::size_t power = std::string_view("kmgtp").find(unit[0]);
    if (power == std::string_view::npos || unit.size() > 2 || (unit.size() == 2 && unit[1] != 'i')) return bad();
    factor = std::pow(unit.size() == 2 ? 1024.0 : 1000.0, static_cast<double>(power + 1));
  }
  if (number * factor > 9e18) return bad();
  return static_cast<std::uint64_t>(number * factor);
}

std::string human_bytes(std::uint64_t bytes) {
  static constexpr std::array kUnits{"B", "KB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string with_thousands(std::int64_t number) {
  std::string digits = fmt::format("{}", number);
  const std::size_t start = number < 0 ? 1 : 0;
  for (std::size_t i = digits.size(); i > start + 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

Result<std::int64_t> parse_integer(std::string_view text, std::string_view what, std::int64_t min, std::int64_t max) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < min || number > max) {
    return fail(ErrorCode::InvalidData,
                fmt::format("{} must be an integer from {} to {}, not \"{}\".", what, min, max, text.substr(0, 64)));
  }
  return number;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = text.find(separator, start);
    parts.emplace_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string_view trim(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && lower(text.substr(0, prefix.size())) == lower(prefix);
}

std::string sql_identifier(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out += '"';
}

std::string sql_literal(std::string_view text) {
  std::string out = "'";
  bool has_nul = false;
  for (char c : text) {
    if (c == '\'') out += '\'';
    if (c == '\0') {
      out += "' || chr(0) || '";  // the text of a statement ends at the character itself
      has_nul = true;
    } else {
      out += c;
    }
  }
  out += '\'';
  return has_nul ? "(" + out + ")" : out;
}

std::string name_from_path(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  std::string_view base = path.substr(path.rfind('/') + 1);
  // A glob such as sales/2024-*.parquet is named after its folder.
  if (base.find_first_of("*?[") != std::string_view::npos && path.size() > base.size() + 1) {
    return name_from_path(path.substr(0, path.size() - base.size() - 1));
  }
  const std::string_view stem = base.substr(0, base.find('.', 1));
  std::string name;
  for (std::size_t at = 0; at < stem.size();) {
    const std::size_t length = utf8_sequence_length(stem.substr(at));
    const bool letter = length > 1 || is_alpha(stem[at]) || is_digit(stem[at]);
    name += letter ? stem.substr(at, std::max<std::size_t>(length, 1)) : std::string_view("_");
    at += std::max<std::size_t>(length, 1);
  }
  if (name.empty() || is_digit(name[0])) name.insert(0, "_");
  if (name.size() <= kNameBytesMax) return name;
  const std::string hash = sha256_hex(name).substr(0, 8);
  std::size_t end = kNameBytesMax - hash.size() - 1;
  while (is_continuation(name[end])) --end;
  return fmt::format("{}_{}", name.substr(0, end), hash);
}

bool is_dataset_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || !(is_alpha(name[0]) || name[0] == '_')) return false;
  return std::ranges::all_of(name,
                             [](char c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; });
}

std::string base64_encode(std::string_view bytes) { return encode64(bytes, kBase64, true); }
std::string base64url_encode(std::string_view bytes) { return encode64(bytes, kBase64Url, false); }

std::optional<std::string> base64url_decode(std::string_view text) {
  std::string out;
  unsigned group = 0;
  int bits = 0;
  for (char c : text) {
    const std::size_t value = kBase64Url.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 0xFF);
    }
  }
  return out;
}

}  // namespace canvasback
