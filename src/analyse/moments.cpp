#include "analyse/moments.hpp"

#include <array>
#include <cmath>

namespace canvasback::analyse {
namespace {

// Four sums side by side: one would wait for itself at every addition (bench/micro/analyse.cpp).
constexpr std::size_t kLanes = 4;

template <class Value>
Spread spread_of(std::span<const Value> values, double mean) {
  std::array<double, kLanes> squares{};
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double deviation = static_cast<double>(values[i + lane]) - mean;
      squares[lane] += deviation * deviation;
    }
  }
  for (; i < values.size(); ++i) {
    const double deviation = static_cast<double>(values[i]) - mean;
    squares[0] += deviation * deviation;
  }
  return {static_cast<double>(values.size()), mean, (squares[0] + squares[1]) + (squares[2] + squares[3])};
}

// What adding `value` to `sum` loses.
double lost(double sum, double value, double added) {
  return std::abs(sum) >= std::abs(value) ? (sum - added) + value : (value - added) + sum;
}

}  // namespace

void Spread::merge(const Spread& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const double total = count + other.count;
  const double apart = other.mean - mean;
  mean += apart * (other.count / total);
  squares += other.squares + apart * apart * (count * other.count / total);
  count = total;
}

std::optional<double> Spread::standard_deviation() const {
  if (count < 2) return std::nullopt;
  const double out = std::sqrt(squares / (count - 1));
  if (!std::isfinite(out)) return std::nullopt;
  return out;
}

void IntegerMoments::add(std::span<const std::int64_t> values) {
  if (values.empty()) return;
  Int128 sum = 0;
  for (std::int64_t value : values) sum += value;
  sum_.add(sum, 1);
  spread_.merge(spread_of(values, static_cast<double>(sum) / static_cast<double>(values.size())));
}

void IntegerMoments::add(std::span<const Int128> values) {
  if (values.empty()) return;
  WideSum sum;
  for (Int128 value : values) sum.add(value, 1);
  sum_.add(sum);
  spread_.merge(spread_of(values, sum.to_double() / static_cast<double>(values.size())));
}

void IntegerMoments::merge(const IntegerMoments& other) {
  sum_.add(other.sum_);
  spread_.merge(other.spread_);
}

void DoubleMoments::add_sum(double value) {
  const double added = sum_ + value;
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
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    block.add_sum(sums[lane]);
    if (std::isfinite(losses[lane])) block.compensation_ += losses[lane];
  }
  const double mean = block.sum() / static_cast<double>(values.size());
  block.spread_ = spread_of(values, mean);
  merge(block);
}

void DoubleMoments::merge(const DoubleMoments& other) {
  add_sum(other.sum_);
  compensation_ += other.compensation_;
  if (!std::isfinite(sum_)) compensation_ = 0;
  spread_.merge(other.spread_);
}

}  // namespace canvasback::analyse
