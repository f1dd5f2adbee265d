#include "base/nearest_name.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kLettersMax = 128;  // of a name that is compared: the time grows with the square

// Optimal string alignment: an adjacent pair that is swapped counts once.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  const std::string wanted = lower(name.substr(0, kLettersMax));
  std::size_t best = std::max<std::size_t>(2, wanted.size() / 3) + 1;
  std::string out;
  for (const std::string& candidate : known) {
    if (candidate.size() > kLettersMax) continue;
    const std::size_t changes = distance(wanted, lower(candidate));
    // A name of two letters is not like every other one.
    if (changes >= best || changes >= std::max(wanted.size(), candidate.size())) continue;
    best = changes;
    out = candidate;
  }
  return out;
}

}  // namespace canvasback
