// PositionSample: a uniform sample of a column's values that depends on nothing but where they stand, so that threads
// may share the work in any way and a second run gives the same answer. At level L the positions of a run (a row
// group's non-null values, numbered from 0) form groups of 2^L, and each group gives one value, chosen by a hash at
// every branch of the binary tree above it; so the sample of level L + 1 is a part of that of level L. The level
// rises when more than kSampleMax values are kept: from some 80,000 to 160,000 remain of any larger column, and all
// of a smaller one.
// Error: for any value x the share of kept values below it is a mean of independent choices whose expectation is the
// share in the whole column (Hoeffding, 1963: P(error > e) <= 2 exp(-2 n e²)). Not thread-safe.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "analyse/hash_value.hpp"

namespace canvasback::analyse {

inline constexpr std::size_t kSampleMax = 160'000;
inline constexpr double kSampleConfidence = 0.999999;

// How far a share estimated from so many kept values may be off, at kSampleConfidence.
inline double sample_error(std::size_t kept) {
  if (kept == 0) return 1;
  return std::min(1.0, std::sqrt(std::log(2 / (1 - kSampleConfidence)) / (2 * static_cast<double>(kept))));
}

template <class Value>
class PositionSample {
 public:
  // expected: how many values will come, where that is known; the first ones are then not kept in vain.
  explicit PositionSample(std::int64_t expected = 0) {
    while (static_cast<std::uint64_t>(expected) >> (level_ + 1) > kSampleMax) ++level_;
  }

  // Values [first, first + count) of a run; value(i) gives the i-th of them (0 to count - 1).
  template <class ValueAt>
  void add(std::uint32_t run, std::uint64_t first, std::size_t count, ValueAt value) {
    if (count == 0) return;
    const std::uint64_t end = first + count;
    for (std::uint64_t group = first >> level_; group <= (end - 1) >> level_;) {
      const std::uint64_t position = chosen(run, group);
      if (position >= first && position < end) {
        kept_.push_back({run, position, value(static_cast<std::size_t>(position - first))});
        if (kept_.size() > kSampleMax) {
          const std::uint64_t next = (group + 1) << level_;
          raise(level_ + 1);
          group = (next + (std::uint64_t{1} << level_) - 1) >> level_;
          // A group of the new level that begins before `next` gave its value, or will not give one.
          if (group << level_ != next) {
            const std::uint64_t begun = group - 1;
            const std::uint64_t late = chosen(run, begun);
            if (late >= next && late < end) kept_.push_back({run, late, value(static_cast<std::size_t>(late - first))});
          }
          continue;
        }
      }
      ++group;
    }
  }

  void merge(PositionSample&& other) {
    const int level = std::max(level_, other.level_);
    raise(level);
    other.raise(level);
    kept_.insert(kept_.end(), std::make_move_iterator(other.kept_.begin()), std::make_move_iterator(other.kept_.end()));
    while (kept_.size() > kSampleMax) raise(level_ + 1);
  }

  // Whether every value that came is kept.
  bool complete() const { return level_ == 0; }
  std::size_t size() const { return kept_.size(); }

  // The kept values, in no meaningful order; the sample is empty afterwards.
  std::vector<Value> take() {
    std::vector<Value> out;
    out.reserve(kept_.size());
    for (Kept& kept : kept_) out.push_back(std::move(kept.value));
    kept_.clear();
    return out;
  }

 private:
  struct Kept {
    std::uint32_t run;
    std::uint64_t position;
    Value value;
  };

  // Which half of a group of 2^level goes on: 0 or 1.
  static std::uint64_t branch(std::uint32_t run, int level, std::uint64_t group) {
    return mix64(group * 64 + static_cast<std::uint64_t>(level) + (static_cast<std::uint64_t>(run) << 40)) >> 63;
  }
  std::uint64_t chosen(std::uint32_t run, std::uint64_t group) const {
    for (int level = level_; level > 0; --level) group = 2 * group + branch(run, level, group);
    return group;
  }
  void raise(int level) {
    while (level_ < level) {
      ++level_;
      std::erase_if(kept_, [&](const Kept& kept) {
        return branch(kept.run, level_, kept.position >> level_) != ((kept.position >> (level_ - 1)) & 1);
      });
    }
  }

  int level_ = 0;
  std::vector<Kept> kept_;
};

}  // namespace canvasback::analyse
