// 128-bit integers, and the wider sum of many of them. Exact.
#pragma once

#include <array>
#include <cstdint>

namespace canvasback::analyse {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

// The sum of up to 2^63 values of 128 bits: kept as two halves that cannot overflow.
class WideSum {
 public:
  void add(Int128 value) {
    low_ += static_cast<std::uint64_t>(static_cast<UInt128>(value));
    high_ += static_cast<std::int64_t>(value >> 64);
  }
  void add(Int128 value, std::int64_t times) {
    low_ += static_cast<UInt128>(static_cast<std::uint64_t>(static_cast<UInt128>(value))) *
            static_cast<std::uint64_t>(times);
    high_ += static_cast<Int128>(static_cast<std::int64_t>(value >> 64)) * times;
    settle();
  }
  void add(const WideSum& other) {
    low_ += other.low_;
    high_ += other.high_;
    settle();
  }
  // Two's complement, limbs from least to most significant.
  std::array<std::uint64_t, 4> limbs() const {
    const Int128 high = high_ + static_cast<Int128>(low_ >> 64);
    const auto sign = static_cast<std::uint64_t>(high < 0 ? -1 : 0);
    return {static_cast<std::uint64_t>(low_), static_cast<std::uint64_t>(static_cast<UInt128>(high)),
            static_cast<std::uint64_t>(static_cast<UInt128>(high) >> 64), sign};
  }
  double to_double() const {
    const Int128 high = high_ + static_cast<Int128>(low_ >> 64);
    // The nearest double of the pair: the low half only decides beyond 64 bits of the high one.
    return static_cast<double>(static_cast<long double>(high) * 18446744073709551616.0L +
                               static_cast<long double>(static_cast<std::uint64_t>(low_)));
  }
  bool fits_int64() const {
    const auto parts = limbs();
    const auto sign = static_cast<std::uint64_t>(static_cast<std::int64_t>(parts[0]) < 0 ? -1 : 0);
    return parts[1] == sign && parts[2] == sign && parts[3] == sign;
  }

 private:
  // Moves what has left the low half's 64 bits upwards.
  void settle() {
    high_ += static_cast<Int128>(low_ >> 64);
    low_ = static_cast<std::uint64_t>(low_);
  }

  UInt128 low_ = 0;
  Int128 high_ = 0;
};

}  // namespace canvasback::analyse
