// RowHashes: how many rows equal an earlier one, from a hash of each row. All hashes are kept while they are few; then
// those of a share of all different rows (with every copy of them), so that memory is bounded and the count becomes an
// estimate with a stated error. Two different rows of one hash count as equal: with 64 bits and a hundred million rows
// that is one chance in some four thousand that the count is off by one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analyse/profile_json.hpp"

namespace canvasback::analyse {

class RowHashes {
 public:
  static constexpr std::size_t kKeptMax = 16 * 1024 * 1024;  // 128 MiB

  explicit RowHashes(std::size_t kept_max = kKeptMax) : kept_max_(kept_max) {}
  void add(std::span<const std::uint64_t> hashes);
  // Ends the collection.
  DuplicateRows count();

 private:
  bool keeps(std::uint64_t hash) const { return level_ == 0 || hash >> (64 - level_) == 0; }

  std::size_t kept_max_;
  int level_ = 0;  // one of 2^level different rows is kept
  std::vector<std::uint64_t> kept_;
};

}  // namespace canvasback::analyse
