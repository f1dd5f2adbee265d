#include "base/unicode.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.hpp"
#include "base/unicode_pairs.hpp"

namespace canvasback {
namespace {

// Syllables of Hangul are composed by arithmetic.
constexpr std::uint32_t kSyllables = 0xAC00;
constexpr std::uint32_t kLeads = 0x1100;
constexpr std::uint32_t kVowels = 0x1161;
constexpr std::uint32_t kTails = 0x11A7;  // the one before the first
constexpr std::uint32_t kLeadCount = 19;
constexpr std::uint32_t kVowelCount = 21;
constexpr std::uint32_t kTailCount = 28;

std::uint32_t decoded(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first;
  std::uint32_t code = first & (0xFFU >> (sequence.size() + 1));
  for (const char c : sequence.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

void append(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

std::optional<std::uint32_t> composed(std::uint32_t first, std::uint32_t second) {
  if (first >= kLeads && first < kLeads + kLeadCount && second >= kVowels && second < kVowels + kVowelCount) {
    return kSyllables + ((first - kLeads) * kVowelCount + (second - kVowels)) * kTailCount;
  }
  const bool open = first >= kSyllables && first < kSyllables + kLeadCount * kVowelCount * kTailCount &&
                    (first - kSyllables) % kTailCount == 0;
  if (open && second > kTails && second < kTails + kTailCount) return first + second - kTails;
  const auto less = [](const UnicodePair& pair, std::pair<std::uint32_t, std::uint32_t> wanted) {
    return std::pair<std::uint32_t, std::uint32_t>(pair.first, pair.second) < wanted;
  };
  const auto found = std::lower_bound(kUnicodePairs.begin(), kUnicodePairs.end(), std::pair(first, second), less);
  if (found == kUnicodePairs.end() || found->first != first || found->second != second) return std::nullopt;
  return found->composed;
}

}  // namespace

bool may_compose(std::string_view text) {
  // Marks of U+0300 and on, and what is above U+0800: all second characters are there.
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0xCC && byte <= 0xCD) || byte >= 0xE0;
  });
}

std::string compose(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::optional<std::uint32_t> last;  // what out ends with, from
  std::size_t last_at = 0;            // here
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_length(text.substr(at));
    if (length == 0 || length == 4) {
      out += text.substr(at, std::max<std::size_t>(length, 1));
      at += std::max<std::size_t>(length, 1);
      last.reset();
      continue;
    }
    const std::uint32_t code = decoded(text.substr(at, length));
    at += length;
    const auto joined = last ? composed(*last, code) : std::nullopt;
    if (joined) {
      out.resize(last_at);
    } else {
      last_at = out.size();
    }
    last = joined ? *joined : code;
    append(out, *last);
  }
  return out;
}

}  // namespace canvasback
