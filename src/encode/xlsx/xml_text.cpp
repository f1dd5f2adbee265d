#include "encode/xlsx/xml_text.hpp"

#include <cstdint>
#include <cstring>

#include "base/json.hpp"
#include "base/text.hpp"
#include "encode/xlsx/limits.hpp"

namespace canvasback::xlsx {
namespace {

// Sixteen bytes at a time, in whatever vector instructions the machine has for it.
using Bytes = std::uint8_t __attribute__((vector_size(16)));

Bytes load(const char* from) {
  Bytes bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

bool any(Bytes bytes) {
  std::uint64_t halves[2];
  std::memcpy(halves, &bytes, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

// `next` are the bytes one further on. 0xEF 0xBF starts U+FFC0 to U+FFFF.
Bytes special_bytes(Bytes bytes, Bytes next) {
  const auto marked = ((bytes < 0x20) & (bytes != '\t') & (bytes != '\n')) | (bytes == '&') | (bytes == '<') |
                      (bytes == '>') | ((bytes == '_') & (next == 'x')) | ((bytes == 0xEF) & (next == 0xBF));
  return Bytes(marked);
}

bool is_special(unsigned char byte, unsigned char next) {
  return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == '&' || byte == '<' || byte == '>' ||
         (byte == '_' && next == 'x') || (byte == 0xEF && next == 0xBF);
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

TextScan scan_text(std::string_view text) {
  const char* data = text.data();
  const std::size_t size = text.size();
  Bytes special{};
  Bytes bits{};
  std::size_t at = 0;
  for (; at + sizeof(Bytes) + 1 <= size; at += sizeof(Bytes)) {
    const Bytes bytes = load(data + at);
    special |= special_bytes(bytes, load(data + at + 1));
    bits |= bytes;
  }
  TextScan scan;
  scan.special = any(special);
  scan.high = any(bits & 0x80);
  for (; at < size; ++at) {
    const auto byte = static_cast<unsigned char>(data[at]);
    const auto next = static_cast<unsigned char>(at + 1 < size ? data[at + 1] : 0);
    scan.special = scan.special || is_special(byte, next);
    scan.high = scan.high || byte >= 0x80;
  }
  return scan;
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
