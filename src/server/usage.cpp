#include "server/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace canvasback {
namespace {

constexpr std::size_t kExcerptBytesMax = 100;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !continues_character(c); }));
}

// Optimal string alignment distance.
std::size_t typing_errors(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> now(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      now[k] = std::min({last[k] + 1, now[k - 1] + 1, last[k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1)});
      const bool swapped = i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1];
      if (swapped) now[k] = std::min(now[k], before[k - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

std::string closest_word(std::string_view word, const std::vector<std::string>& candidates) {
  std::string closest;
  std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t errors = typing_errors(word, candidate);
    if (errors >= fewest) continue;
    fewest = errors;
    closest = candidate;
  }
  return closest;
}

std::string statement_excerpt(std::string_view statement, std::size_t byte) {
  byte = std::min(byte, statement.size());
  const std::string_view before = statement.substr(0, byte);
  const auto line_number = 1 + std::ranges::count(before, '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const std::size_t column = characters_in(statement.substr(line_start, byte - line_start)) + 1;
  std::size_t from = line_start;
  std::size_t to = std::min(statement.find('\n', byte), statement.size());
  if (byte - from > kExcerptBytesMax / 2) from = byte - kExcerptBytesMax / 2;
  to = std::min(to, from + kExcerptBytesMax);
  while (from < byte && continues_character(statement[from])) ++from;
  while (to > byte && to < statement.size() && continues_character(statement[to])) --to;
  std::string shown(statement.substr(from, to - from));
  // Tabs and other control characters would move the caret.
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  const std::string indent(characters_in(statement.substr(from, byte - from)), ' ');
  return fmt::format("line {}, column {}:\n  {}\n  {}^", line_number, column, shown, indent);
}

}  // namespace canvasback
