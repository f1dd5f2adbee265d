#include "analyse/row_hashes.hpp"

#include <algorithm>
#include <cmath>

#include "analyse/hash_value.hpp"

namespace canvasback::analyse {

void RowHashes::add(std::span<const std::uint64_t> hashes) {
  for (std::uint64_t given : hashes) {
    const std::uint64_t hash = mix64(given);
    if (!keeps(hash)) continue;
    kept_.push_back(hash);
    // Copies of few rows may not thin out; their number alone would then grow without bound.
    while (kept_.size() > kept_max_ && level_ < 40) {
      ++level_;
      std::erase_if(kept_, [&](std::uint64_t known) { return !keeps(known); });
    }
  }
}

DuplicateRows RowHashes::count() {
  std::ranges::sort(kept_);
  double duplicates = 0;
  double squares = 0;
  for (std::size_t i = 0; i < kept_.size();) {
    std::size_t end = i + 1;
    while (end < kept_.size() && kept_[end] == kept_[i]) ++end;
    const auto copies = static_cast<double>(end - i - 1);
    duplicates += copies;
    squares += copies * copies;
    i = end;
  }
  DuplicateRows out;
  const double scale = std::pow(2.0, level_);
  out.rows = std::llround(duplicates * scale);
  out.exact = level_ == 0;
  if (out.exact) return out;
  // Five standard deviations of a sum over different rows, each kept by chance; where few copies were met, as many
  // rows as could have been missed with a chance of one in a million.
  constexpr double kMissed = 13.8;
  out.error = std::llround(std::max(5 * std::sqrt((scale - 1) * scale * squares), kMissed * scale));
  return out;
}

}  // namespace canvasback::analyse
