#include "encode/xlsx/xml_text.hpp"

#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/json.hpp"
#include "base/text.hpp"
#include "encode/xlsx/limits.hpp"

namespace canvasback::xlsx {
namespace {

// Sixteen bytes at a time, in the vector instructions that every machine of its kind has; on x86-64 thirty-two where
// the processor has AVX2. 0xEF 0xBF starts U+FFC0 to U+FFFF.
using Bytes = std::uint8_t __attribute__((vector_size(16)));

struct Marks {
  bool special = false;
  bool high = false;
};

bool any(Bytes bytes) {
  std::uint64_t halves[2];
  std::memcpy(halves, &bytes, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

// Both take the bytes [0, count), count a multiple of kStepBytes; one byte more is there.
Marks look_at_any(const char* data, std::size_t count) {
  Bytes special{};
  Bytes bits{};
  for (std::size_t at = 0; at < count; at += sizeof(Bytes)) {
    Bytes bytes;
    Bytes next;
    std::memcpy(&bytes, data + at, sizeof bytes);
    std::memcpy(&next, data + at + 1, sizeof next);
    special |= Bytes(((bytes < 0x20) & (bytes != '\t') & (bytes != '\n')) | (bytes == '&') | ((bytes & 0xFD) == '<') |
                     ((bytes == '_') & (next == 'x')) | ((bytes == 0xEF) & (next == 0xBF)));
    bits |= bytes;
  }
  return {any(special), any(bits & 0x80)};
}

#ifdef __x86_64__
__attribute__((target("avx2"))) Marks look_at_avx2(const char* data, std::size_t count) {
  const __m256i last_control = _mm256_set1_epi8(0x1F);
  const __m256i tab = _mm256_set1_epi8('\t');
  const __m256i line_feed = _mm256_set1_epi8('\n');
  const __m256i ampersand = _mm256_set1_epi8('&');
  const __m256i less = _mm256_set1_epi8('<');  // and '>', which differs in one bit
  const __m256i but_that_bit = _mm256_set1_epi8(static_cast<char>(0xFD));
  const __m256i underscore = _mm256_set1_epi8('_');
  const __m256i letter = _mm256_set1_epi8('x');
  const __m256i rare_first = _mm256_set1_epi8(static_cast<char>(0xEF));
  const __m256i rare_second = _mm256_set1_epi8(static_cast<char>(0xBF));
  __m256i special = _mm256_setzero_si256();
  __m256i bits = _mm256_setzero_si256();
  for (std::size_t at = 0; at < count; at += sizeof(__m256i)) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + at));
    const __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + at + 1));
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, last_control), bytes);
    const __m256i space = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, tab), _mm256_cmpeq_epi8(bytes, line_feed));
    const __m256i markup = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, ampersand),
                                           _mm256_cmpeq_epi8(_mm256_and_si256(bytes, but_that_bit), less));
    const __m256i escape = _mm256_and_si256(_mm256_cmpeq_epi8(bytes, underscore), _mm256_cmpeq_epi8(next, letter));
    const __m256i rare = _mm256_and_si256(_mm256_cmpeq_epi8(bytes, rare_first), _mm256_cmpeq_epi8(next, rare_second));
    special = _mm256_or_si256(special, _mm256_or_si256(_mm256_andnot_si256(space, control), markup));
    special = _mm256_or_si256(special, _mm256_or_si256(escape, rare));
    bits = _mm256_or_si256(bits, bytes);
  }
  return {_mm256_testz_si256(special, special) == 0, _mm256_movemask_epi8(bits) != 0};
}
#endif

// The longest step there is: what a caller rounds to.
constexpr std::size_t kStepBytes = 32;

Marks look_at(const char* data, std::size_t count) {
#ifdef __x86_64__
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return look_at_avx2(data, count);
#endif
  return look_at_any(data, count);
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
  const std::size_t whole = text.empty() ? 0 : (text.size() - 1) / kStepBytes * kStepBytes;
  char rest[kStepBytes + 1];
  std::memset(rest, 'a', sizeof rest);
  if (text.size() > whole) std::memcpy(rest, text.data() + whole, text.size() - whole);
  const Marks end = look_at(rest, kStepBytes);
  if (whole == 0) return {end.special, end.high};
  const Marks begin = look_at(text.data(), whole);
  return {begin.special || end.special, begin.high || end.high};
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
