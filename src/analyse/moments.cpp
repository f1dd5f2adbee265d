#include "analyse/moments.hpp"

#include <array>
#include <cmath>

namespace canvasback::analyse {
namespace {

// Four sums side by side: one would wait for itself at every addition (bench/micro/analyse.cpp).
constexpr std::size_t kLanes = 4;

// Of the deviations from some origin: deviation(i) for i < count. In double where that loses nothing.
template <class Float, class Deviation>
Spread spread_of(std::size_t count, const Deviation& deviation) {
  std::array<Float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += deviation(i + lane);
  }
  for (; i < count; ++i) sums[0] += deviation(i);
  const auto number = static_cast<Float>(count);
  const Float mean = ((sums[0] + sums[1]) + (sums[2] + sums[3])) / number;
  std::array<Float, kLanes> squares{};
  for (i = 0; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const Float apart = deviation(i + lane) - mean;
      squares[lane] += apart * apart;
    }
  }
  for (; i < count; ++i) {
    const Float apart = deviation(i) - mean;
    squares[0] += apart * apart;
  }
  return {static_cast<long double>(count), mean, (squares[0] + squares[1]) + (squares[2] + squares[3])};
}

// left - right, which 128 bits may not hold.
double difference(Int128 left, Int128 right) {
  if (left >= right) return static_cast<double>(static_cast<UInt128>(left) - static_cast<UInt128>(right));
  return -static_cast<double>(static_cast<UInt128>(right) - static_cast<UInt128>(left));
}

// What adding `value` to `sum` loses.
template <class Float>
Float lost(Float sum, Float value, Float added) {
  return std::abs(sum) >= std::abs(value) ? (sum - added) + value : (value - added) + sum;
}

// Squares below lose digits, or all of them.
constexpr double kSquaresMin = 1e-250;

}  // namespace

void Spread::merge(const Spread& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const long double total = count + other.count;
  const long double apart = other.mean - mean;
  mean += apart * (other.count / total);
  squares += other.squares + apart * apart * (count * other.count / total);
  count = total;
}

std::optional<double> Spread::standard_deviation() const {
  if (count < 2) return std::nullopt;
  const auto out = static_cast<double>(std::sqrt(squares / (count - 1)));
  if (!std::isfinite(out)) return std::nullopt;
  return out;
}

void IntegerMoments::add(const WideSum& sum, Int128 origin, const Spread& spread) {
  if (spread_.count == 0) origin_ = origin;
  sum_.add(sum);
  Spread moved = spread;
  moved.mean += difference(origin, origin_);
  spread_.merge(moved);
}

void IntegerMoments::add(std::span<const std::int64_t> values) {
  if (values.empty()) return;
  Int128 sum = 0;
  std::int64_t bits = 0;
  for (std::int64_t value : values) {
    sum += value;
    bits |= value ^ (value >> 63);
  }
  WideSum block;
  block.add(sum, 1);
  const std::int64_t origin = values[0];
  // Below 2^62 no difference leaves 64 bits.
  const bool small = bits < std::int64_t{1} << 62;
  const Spread spread =
      small ? spread_of<double>(values.size(), [&](std::size_t i) { return static_cast<double>(values[i] - origin); })
            : spread_of<double>(values.size(), [&](std::size_t i) { return difference(values[i], origin); });
  add(block, origin, spread);
}

void IntegerMoments::add(std::span<const Int128> values) {
  if (values.empty()) return;
  WideSum sum;
  for (Int128 value : values) sum.add(value, 1);
  const Int128 origin = values[0];
  add(sum, origin, spread_of<double>(values.size(), [&](std::size_t i) { return difference(values[i], origin); }));
}

void IntegerMoments::merge(const IntegerMoments& other) {
  if (other.spread_.count > 0) add(other.sum_, other.origin_, other.spread_);
}

void DoubleMoments::add_sum(long double value) {
  const long double added = sum_ + value;
  // With an infinity or a NaN in the sum there is nothing left to compensate.
  if (std::isfinite(added)) compensation_ += lost(sum_, value, added);
  sum_ = added;
}

void DoubleMoments::add(std::span<const double> values) {
  if (values.empty()) return;
  std::array<double, kLanes> sums{};
  std::array<double, kLanes> losses{};
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double value = values[i + lane];
      const double added = sums[lane] + value;
      // Knuth's form of the error: no branch on which is larger.
      const double part = added - sums[lane];
      losses[lane] += (sums[lane] - (added - part)) + (value - part);
      sums[lane] = added;
    }
  }
  for (; i < values.size(); ++i) {
    const double added = sums[0] + values[i];
    losses[0] += lost(sums[0], values[i], added);
    sums[0] = added;
  }
  DoubleMoments block;
  const bool finite = std::isfinite((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (std::size_t lane = 0; finite && lane < kLanes; ++lane) {
    block.add_sum(sums[lane]);
    if (std::isfinite(losses[lane])) block.compensation_ += losses[lane];
  }
  // Past the range of doubles, or not finite.
  for (std::size_t value = 0; !finite && value < values.size(); ++value) block.add_sum(values[value]);
  const double origin = values[0];
  block.origin_ = origin;
  block.spread_ = spread_of<double>(values.size(), [&](std::size_t at) { return values[at] - origin; });
  if (!std::isfinite(block.spread_.squares) || block.spread_.squares < kSquaresMin) {
    block.spread_ = spread_of<long double>(values.size(), [&](std::size_t at) {
      return static_cast<long double>(values[at]) - static_cast<long double>(origin);
    });
  }
  merge(block);
}

void DoubleMoments::merge(const DoubleMoments& other) {
  add_sum(other.sum_);
  compensation_ += other.compensation_;
  if (!std::isfinite(sum_)) compensation_ = 0;
  if (other.spread_.count == 0) return;
  if (spread_.count == 0) origin_ = other.origin_;
  Spread moved = other.spread_;
  moved.mean += static_cast<long double>(other.origin_) - static_cast<long double>(origin_);
  spread_.merge(moved);
}

}  // namespace canvasback::analyse
