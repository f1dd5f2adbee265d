// Draws: the pseudo-random numbers of one row, a function of a seed, a stream and the row's number alone, so that any
// row can be generated anywhere. Whole numbers only, but for unit(): the same on every machine. A value type.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace canvasback::marketplace {

// What draws are for: rows of different streams have nothing to do with each other.
enum class Stream : std::uint64_t {
  Day,
  Time,
  Order,
  Offer,
  OfferText,
  Seller,
  CustomerCountry,
  Customer,
  Change,
  Delete
};

class Draws {
 public:
  Draws(std::uint64_t seed, Stream stream, std::uint64_t number)
      : state_(mixed(seed + 0x632BE59BD9B4E019 * (static_cast<std::uint64_t>(stream) + 1)) ^
               (number * 0x2545F4914F6CDD1D)) {}

  std::uint64_t next() {  // SplitMix64
    state_ += 0x9E3779B97F4A7C15;
    return mixed(state_);
  }
  // 0 to bound - 1; bound: at least 1.
  std::int64_t below(std::int64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>((Wide{next()} * static_cast<std::uint64_t>(bound)) >> 64);
  }
  // first to last, inclusive.
  std::int64_t from(std::int64_t first, std::int64_t last) { return first + below(last - first + 1); }
  bool per_mille(std::int64_t share) { return below(1000) < share; }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // 0 up to 1

 private:
  static std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
  }

  std::uint64_t state_;
};

// One of up to 255 values by weight, in one look into a table. Every value has at least one of 4096 slots.
class WeightedChoice {
 public:
  explicit WeightedChoice(std::span<const int> weights) {
    std::int64_t sum = 0;
    for (const int weight : weights) sum += weight;
    const auto values = static_cast<std::int64_t>(weights.size());
    const std::int64_t shared = static_cast<std::int64_t>(slots_.size()) - values;
    std::int64_t before = 0;
    std::size_t slot = 0;
    for (std::size_t value = 0; value < weights.size(); ++value) {
      before += weights[value];
      const auto end = static_cast<std::size_t>(static_cast<std::int64_t>(value) + 1 + before * shared / sum);
      while (slot < end) slots_[slot++] = static_cast<std::uint8_t>(value);
    }
  }
  int pick(Draws& draws) const { return slots_[draws.next() >> 52]; }

 private:
  std::array<std::uint8_t, 4096> slots_{};
};

}  // namespace canvasback::marketplace
