#include "analyse/hyperloglog.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace canvasback::analyse {
namespace {

constexpr int kRankMax = 64 - HyperLogLog::kPrecision + 1;

// Ertl's σ and τ: the shares of registers that were never met, and of those that are full.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double weight = 1;
  double sum = x;
  double before = -1;
  while (sum != before) {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  }
  return sum;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double weight = 1;
  double sum = 1 - x;
  double before = -1;
  while (sum != before) {
    x = std::sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= (1 - x) * (1 - x) * weight;
  }
  return sum / 3;
}

}  // namespace

void HyperLogLog::merge(const HyperLogLog& other) {
  for (std::size_t i = 0; i < kRegisters; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double HyperLogLog::estimate() const {
  std::array<std::uint32_t, kRankMax + 1> ranks{};
  for (std::uint8_t rank : registers_) ++ranks[std::min<std::size_t>(rank, kRankMax)];
  constexpr auto kCount = static_cast<double>(kRegisters);
  double sum = kCount * tau(1 - static_cast<double>(ranks[kRankMax]) / kCount);
  for (int rank = kRankMax - 1; rank >= 1; --rank)
    sum = 0.5 * (sum + static_cast<double>(ranks[static_cast<std::size_t>(rank)]));
  sum += kCount * sigma(static_cast<double>(ranks[0]) / kCount);
  return kCount * kCount / (2 * std::log(2.0) * sum);
}

}  // namespace canvasback::analyse
