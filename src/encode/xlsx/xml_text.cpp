#include "encode/xlsx/xml_text.hpp"

#include <cstdint>
#include <cstring>

#include "base/json.hpp"
#include "base/text.hpp"
#include "encode/xlsx/limits.hpp"

namespace canvasback::xlsx {
namespace {

// The scan is compiled for several generations of processors, and the one that runs is chosen when the program starts;
// sanitizers do not work before that.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(CANVASBACK_SANITIZED)
#define CANVASBACK_FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define CANVASBACK_FOR_EACH_PROCESSOR
#endif

// Many bytes at a time, in whatever vector instructions the machine has for it.
using Bytes = std::uint8_t __attribute__((vector_size(64)));

// Always inlined, and vectors by reference: they are not passed between code for different processors.
[[gnu::always_inline]] inline bool any(const Bytes& bytes) {
  std::uint64_t parts[sizeof bytes / 8];
  std::memcpy(parts, &bytes, sizeof parts);
  std::uint64_t all = 0;
  for (const std::uint64_t part : parts) all |= part;
  return all != 0;
}

// Marks what is special among the bytes at `from`, of which one more is there. 0xEF 0xBF starts U+FFC0 to U+FFFF.
[[gnu::always_inline]] inline void look_at(const char* from, Bytes& special, Bytes& bits) {
  Bytes bytes;
  Bytes next;
  std::memcpy(&bytes, from, sizeof bytes);
  std::memcpy(&next, from + 1, sizeof next);
  special |= Bytes(((bytes < 0x20) & (bytes != '\t') & (bytes != '\n')) | (bytes == '&') | (bytes == '<') |
                   (bytes == '>') | ((bytes == '_') & (next == 'x')) | ((bytes == 0xEF) & (next == 0xBF)));
  bits |= bytes;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Whether a reader would take what starts at this '_' for an escape: _xHHHH_, where the second '_' may also be the
// start of an escape that we write ourselves for the character behind it.
bool looks_escaped(std::string_view text) {
  if (text.size() < 7 || text[1] != 'x') return false;
  for (std::size_t i = 2; i < 6; ++i) {
    if (!is_hex(text[i])) return false;
  }
  const auto behind = static_cast<unsigned char>(text[6]);
  return behind == '_' || behind < 0x20 || behind >= 0x80;
}

void append_escape(TextWriter& out, unsigned unit) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  char* to = out.reserve(7);
  *to++ = '_';
  *to++ = 'x';
  for (int shift = 12; shift >= 0; shift -= 4) *to++ = kHex[unit >> shift & 15];
  *to++ = '_';
  out.advance_to(to);
}

// The half of a surrogate pair that three bytes (ED A0 80 to ED BF BF) stand for, which UTF-8 does not allow; or 0.
unsigned surrogate_half(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xED') return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  if (second < 0xA0 || second > 0xBF || third < 0x80 || third > 0xBF) return 0;
  return 0xD000u | (second & 0x3Fu) << 6 | (third & 0x3Fu);
}

// One character of ASCII that is written as it is or as an entity.
void append_ascii(TextWriter& out, char c) {
  switch (c) {
    case '&': return out.append(std::string_view("&amp;"));
    case '<': return out.append(std::string_view("&lt;"));
    case '>': return out.append(std::string_view("&gt;"));
    default: return out.append(c);
  }
}

// Appends the first character of the text, which is not empty. Returns its bytes; `units` grows by its UTF-16 units.
std::size_t append_character(TextWriter& out, std::string_view text, std::size_t& units, TextOutcome& outcome) {
  const auto byte = static_cast<unsigned char>(text[0]);
  ++units;
  if (byte < 0x80) {
    if (byte < 0x20 && byte != '\t' && byte != '\n') {
      append_escape(out, byte);
      outcome.escaped = true;
    } else if (byte == '_' && looks_escaped(text)) {
      append_escape(out, '_');
      outcome.escaped = true;
    } else {
      append_ascii(out, text[0]);
    }
    return 1;
  }
  if (const unsigned half = surrogate_half(text); half != 0) {
    append_escape(out, half);
    outcome.escaped = true;
    return 3;
  }
  const std::size_t length = utf8_sequence_length(text);
  if (length == 0) {
    out.append(std::string_view("\xEF\xBF\xBD"));
    outcome.replaced = true;
    return 1;
  }
  if (length == 4) ++units;
  if (length == 3 && byte == 0xEF && text[1] == '\xBF' && (text[2] == '\xBE' || text[2] == '\xBF')) {
    append_escape(out, text[2] == '\xBE' ? 0xFFFE : 0xFFFF);
    outcome.escaped = true;
    return 3;
  }
  out.append(text.substr(0, length));
  return length;
}

}  // namespace

CANVASBACK_FOR_EACH_PROCESSOR TextScan scan_text(std::string_view text) {
  const char* data = text.data();
  const std::size_t size = text.size();
  Bytes special{};
  Bytes bits{};
  std::size_t at = 0;
  for (; at + sizeof(Bytes) + 1 <= size; at += sizeof(Bytes)) look_at(data + at, special, bits);
  if (at < size) {
    char rest[sizeof(Bytes) + 1];
    std::memset(rest, 'a', sizeof rest);
    std::memcpy(rest, data + at, size - at);
    look_at(rest, special, bits);
  }
  return {any(special), any(bits & 0x80)};
}

bool is_clean(std::string_view text) {
  const TextScan scan = scan_text(text);
  return !scan.special && (!scan.high || is_utf8(text));
}

TextOutcome write_text(TextWriter& out, std::string_view text) {
  TextOutcome outcome;
  if (text.size() <= kCellUnitsMax && is_clean(text)) {
    out.append(text);
    return outcome;
  }
  std::size_t units = 0;
  while (!text.empty()) {
    // A character of two units is not cut in half.
    const bool two = static_cast<unsigned char>(text[0]) >= 0xF0;
    if (units >= kCellUnitsMax || (two && units + 2 > kCellUnitsMax && utf8_sequence_length(text) == 4)) {
      outcome.truncated = true;
      return outcome;
    }
    text.remove_prefix(append_character(out, text, units, outcome));
  }
  return outcome;
}

void write_attribute(TextWriter& out, std::string_view text) {
  TextOutcome outcome;
  std::size_t units = 0;
  while (!text.empty()) {
    if (text[0] == '"') {
      out.append(std::string_view("&quot;"));
      text.remove_prefix(1);
    } else {
      text.remove_prefix(append_character(out, text, units, outcome));
    }
  }
}

}  // namespace canvasback::xlsx
