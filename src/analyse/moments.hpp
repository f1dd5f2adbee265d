// Sum, mean and spread of numbers. Integers are summed exactly in 128 bits and more; floating-point numbers with
// Neumaier's compensation. Deviations are taken from the first value, so that large numbers close to each other lose
// nothing, those of each block from that block's own mean, and blocks are joined by Chan's formula, so that nothing
// cancels. Sums and squares past the range of doubles are kept in long double. Merging is exact for counts and integer
// sums. Not thread-safe.
// Source: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
// 1979; A. Neumaier, ZAMM 54 (1974).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "analyse/integer128.hpp"

namespace canvasback::analyse {

// Count, mean (less the origin that its owner keeps) and sum of squared deviations of some block.
struct Spread {
  long double count = 0;
  long double mean = 0;
  long double squares = 0;

  void merge(const Spread& other);
  // Of a sample (count - 1), as SQL's stddev; nothing for fewer than two values or where it is no finite number.
  std::optional<double> standard_deviation() const;
};

class IntegerMoments {
 public:
  void add(std::span<const std::int64_t> values);
  void add(std::span<const Int128> values);
  void merge(const IntegerMoments& other);
  const WideSum& sum() const { return sum_; }
  const Spread& spread() const { return spread_; }

 private:
  void add(const WideSum& sum, Int128 origin, const Spread& spread);

  WideSum sum_;
  Int128 origin_ = 0;  // what the spread's mean counts from
  Spread spread_;
};

class DoubleMoments {
 public:
  void add(std::span<const double> values);
  void merge(const DoubleMoments& other);
  // NaN where a NaN or both infinities are among the values, as IEEE 754 adds them.
  double sum() const { return static_cast<double>(sum_ + compensation_); }
  // Of so many values; finite where they are, even if their sum is past the range.
  double mean(std::int64_t values) const {
    return static_cast<double>((sum_ + compensation_) / static_cast<long double>(values));
  }
  const Spread& spread() const { return spread_; }

 private:
  void add_sum(long double value);

  long double sum_ = 0;
  long double compensation_ = 0;
  double origin_ = 0;  // what the spread's mean counts from
  Spread spread_;
};

}  // namespace canvasback::analyse
