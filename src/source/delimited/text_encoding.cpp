#include "source/delimited/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "base/text.hpp"

namespace canvasback::delimited {
namespace {

constexpr std::size_t kJudgedBytes = 4096;

// 0x80 to 0x9F as https://encoding.spec.whatwg.org/#windows-1252 has them: the five bytes that Windows leaves out are
// the control characters of ISO 8859-1.
constexpr std::array<std::uint16_t, 32> kWindows1252 = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                                        0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint32_t unit_at(Encoding encoding, std::string_view bytes, std::size_t at) {
  const std::uint32_t first = byte_at(bytes, at);
  const std::uint32_t second = byte_at(bytes, at + 1);
  return encoding == Encoding::Utf16Le ? first | second << 8 : first << 8 | second;
}

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::optional<Encoding> certain_utf16(std::string_view head) {
  head = head.substr(0, kJudgedBytes & ~std::size_t{1});
  std::array<std::size_t, 2> zeros{};
  for (std::size_t at = 0; at < head.size(); ++at) {
    if (head[at] == '\0') ++zeros[at % 2];
  }
  const std::size_t enough = head.size() / 8 + 1;
  if (head.size() < 2) return std::nullopt;
  const auto mostly = [&](std::size_t side) { return zeros[side] >= enough && zeros[1 - side] * 4 <= zeros[side]; };
  if (head[0] != '\0' && head[1] == '\0' && mostly(1)) return Encoding::Utf16Le;
  if (head[0] == '\0' && head[1] != '\0' && mostly(0)) return Encoding::Utf16Be;
  return std::nullopt;
}

std::optional<EncodingFound> marked(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) return EncodingFound{Encoding::Utf8, 3};
  if (head.starts_with("\xFF\xFE")) return EncodingFound{Encoding::Utf16Le, 2};
  if (head.starts_with("\xFE\xFF")) return EncodingFound{Encoding::Utf16Be, 2};
  return std::nullopt;
}

// Characters of four bytes each, nearly all of them with a zero byte twice on the same side. UTF-16 of such bytes would
// have the character U+0000 in every second place.
bool is_certain_utf32(std::string_view head) {
  head = head.substr(0, std::min(head.size(), kJudgedBytes) & ~std::size_t{3});
  std::array<std::size_t, 2> characters{};  // that it has as little and as big endian
  for (std::size_t at = 0; at < head.size(); at += 4) {
    const auto is_zero = [&](std::size_t byte) { return head[at + byte] == '\0'; };
    if (is_zero(2) && is_zero(3) && !(is_zero(0) && is_zero(1))) ++characters[0];
    if (is_zero(0) && is_zero(1) && !(is_zero(2) && is_zero(3))) ++characters[1];
  }
  const std::size_t enough = head.size() / 4 - head.size() / 64;
  return head.size() >= 8 && (characters[0] >= enough || characters[1] >= enough);
}

bool is_utf32(std::string_view head) {
  using namespace std::string_view_literals;
  return head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv) || is_certain_utf32(head);
}

std::optional<std::size_t> decode_utf16(Encoding encoding, std::string_view bytes, std::string& out) {
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    if (at + 1 == bytes.size()) return at;
    std::uint32_t point = unit_at(encoding, bytes, at);
    if (is_low_surrogate(point)) return at;
    if (is_high_surrogate(point)) {
      if (at + 3 >= bytes.size()) return at;
      const std::uint32_t low = unit_at(encoding, bytes, at + 2);
      if (!is_low_surrogate(low)) return at;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
      at += 2;
    }
    append_utf8(out, point);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::Utf8: return "utf-8";
    case Encoding::Utf16Le: return "utf-16le";
    case Encoding::Utf16Be: return "utf-16be";
    case Encoding::Windows1252: return "windows-1252";
  }
  return "utf-8";
}

std::optional<Encoding> encoding_from(std::string_view name) {
  const std::string lowered = lower(name);
  if (lowered == "utf-8" || lowered == "utf8") return Encoding::Utf8;
  if (lowered == "utf-16le") return Encoding::Utf16Le;
  if (lowered == "utf-16be") return Encoding::Utf16Be;
  for (std::string_view one : {"windows-1252", "cp1252", "latin-1", "latin1", "iso-8859-1"}) {
    if (lowered == one) return Encoding::Windows1252;
  }
  return std::nullopt;
}

Result<EncodingFound> find_encoding(std::string_view head, const std::optional<std::string>& told) {
  const std::optional<EncodingFound> mark = marked(head);
  if ((!told || lower(*told) == "utf-16") && is_utf32(head)) {
    return fail(ErrorCode::InvalidData, "The text is UTF-32, which is not read: it must be UTF-8 or UTF-16.");
  }
  if (!told) {
    if (mark) return *mark;
    return EncodingFound{certain_utf16(head).value_or(Encoding::Utf8), 0};
  }
  if (lower(*told) == "utf-16") {
    if (mark && mark->encoding != Encoding::Utf8) return *mark;
    return EncodingFound{certain_utf16(head).value_or(Encoding::Utf16Le), 0};
  }
  const std::optional<Encoding> encoding = encoding_from(*told);
  if (!encoding) {
    return fail(ErrorCode::InvalidData,
                fmt::format("There is no encoding \"{}\": it is one of utf-8, utf-16, utf-16le, utf-16be and "
                            "windows-1252.",
                            told->substr(0, 64)));
  }
  return EncodingFound{*encoding, mark && mark->encoding == *encoding ? mark->mark_bytes : 0};
}

std::size_t whole_characters(Encoding encoding, std::string_view bytes) {
  switch (encoding) {
    case Encoding::Windows1252: return bytes.size();
    case Encoding::Utf16Le:
    case Encoding::Utf16Be: {
      const std::size_t even = bytes.size() & ~std::size_t{1};
      return even >= 2 && is_high_surrogate(unit_at(encoding, bytes, even - 2)) ? even - 2 : even;
    }
    case Encoding::Utf8: break;
  }
  // The begin of a sequence whose other bytes have not come.
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const std::uint8_t byte = byte_at(bytes, bytes.size() - back);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? bytes.size() - back : bytes.size();
  }
  return bytes.size();
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  if (is_utf8(text)) return std::nullopt;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_sequence_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::optional<std::size_t> decode(Encoding encoding, std::string_view bytes, std::string& out) {
  if (encoding == Encoding::Utf8) {
    out += bytes;
    return find_invalid_utf8(bytes);
  }
  out.reserve(out.size() + bytes.size());
  if (encoding != Encoding::Windows1252) return decode_utf16(encoding, bytes, out);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    append_utf8(out, byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80U] : byte);
  }
  return std::nullopt;
}

std::uint64_t encoded_bytes(Encoding encoding, std::string_view utf8) {
  if (encoding == Encoding::Utf8) return utf8.size();
  std::uint64_t characters = 0;
  std::uint64_t pairs = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<std::uint8_t>(c);
    if ((byte & 0xC0) != 0x80) ++characters;
    if (byte >= 0xF0) ++pairs;
  }
  return encoding == Encoding::Windows1252 ? characters : 2 * (characters + pairs);
}

}  // namespace canvasback::delimited
