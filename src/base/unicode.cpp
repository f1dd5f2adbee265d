#include "base/unicode.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

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

// The canonical combining class of a mark of U+0300 to U+036F; 0: it is none, or stays where it is.
int class_of(std::uint32_t mark) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
    int combining_class;
  };
  constexpr std::array<Range, 31> kRanges{{{0x300, 0x314, 230},
                                           {0x315, 0x315, 232},
                                           {0x316, 0x319, 220},
                                           {0x31A, 0x31A, 232},
                                           {0x31B, 0x31B, 216},
                                           {0x31C, 0x320, 220},
                                           {0x321, 0x322, 202},
                                           {0x323, 0x326, 220},
                                           {0x327, 0x328, 202},
                                           {0x329, 0x333, 220},
                                           {0x334, 0x338, 1},
                                           {0x339, 0x33C, 220},
                                           {0x33D, 0x344, 230},
                                           {0x345, 0x345, 240},
                                           {0x346, 0x346, 230},
                                           {0x347, 0x349, 220},
                                           {0x34A, 0x34C, 230},
                                           {0x34D, 0x34E, 220},
                                           {0x350, 0x352, 230},
                                           {0x353, 0x356, 220},
                                           {0x357, 0x357, 230},
                                           {0x358, 0x358, 232},
                                           {0x359, 0x35A, 220},
                                           {0x35B, 0x35B, 230},
                                           {0x35C, 0x35C, 233},
                                           {0x35D, 0x35E, 234},
                                           {0x35F, 0x35F, 233},
                                           {0x360, 0x361, 234},
                                           {0x362, 0x362, 233},
                                           {0x363, 0x36F, 230},
                                           {0, 0, 0}}};
  const auto found =
      std::ranges::find_if(kRanges, [mark](const Range& range) { return mark >= range.first && mark <= range.last; });
  return found == kRanges.end() ? 0 : found->combining_class;
}

// What a character is composed of; nothing where it is one by itself.
std::optional<std::pair<std::uint32_t, std::uint32_t>> decomposed(std::uint32_t code) {
  static const std::vector<UnicodePair> by_composed = [] {
    std::vector<UnicodePair> out(kUnicodePairs.begin(), kUnicodePairs.end());
    std::ranges::sort(out, {}, &UnicodePair::composed);
    return out;
  }();
  const auto found = std::ranges::lower_bound(by_composed, code, {}, &UnicodePair::composed);
  if (found == by_composed.end() || found->composed != code) return std::nullopt;
  return std::pair<std::uint32_t, std::uint32_t>(found->first, found->second);
}

// A letter and the marks behind it, in the form NFC.
std::vector<std::uint32_t> with_marks(std::uint32_t letter, std::vector<std::uint32_t> marks) {
  while (const auto parts = decomposed(letter)) {
    if (class_of(parts->second) == 0) break;
    letter = parts->first;
    marks.insert(marks.begin(), parts->second);
  }
  std::ranges::stable_sort(marks, {}, class_of);
  std::vector<std::uint32_t> rest;
  for (const std::uint32_t mark : marks) {
    const bool blocked = !rest.empty() && class_of(rest.back()) >= class_of(mark);
    const auto joined = blocked ? std::nullopt : composed(letter, mark);
    if (joined) {
      letter = *joined;
    } else {
      rest.push_back(mark);
    }
  }
  rest.insert(rest.begin(), letter);
  return rest;
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
    if (last && class_of(code) > 0) {
      std::vector<std::uint32_t> marks(1, code);
      while (at + 1 < text.size() && utf8_sequence_length(text.substr(at)) == 2) {
        const std::uint32_t mark = decoded(text.substr(at, 2));
        if (class_of(mark) == 0) break;
        marks.push_back(mark);
        at += 2;
      }
      out.resize(last_at);
      for (const std::uint32_t one : with_marks(*last, std::move(marks))) {
        last_at = out.size();
        last = one;
        append(out, one);
      }
      // A mark that stayed has nothing to be joined with.
      if (class_of(*last) > 0) last.reset();
      continue;
    }
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
