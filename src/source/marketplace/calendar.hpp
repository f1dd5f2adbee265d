// Calendar: when the orders of the marketplace come in, as a function of their number. Three years, 2023-01-01 to
// 2025-12-31; each day has a share by growth, month, weekday, shopping days and some noise of the seed; each hour one
// of its day. Times never go back as numbers rise, and are whole seconds since 1970-01-01 UTC: busy seconds have
// several orders. Pure once built; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace canvasback::marketplace {

inline constexpr std::int64_t kDaySeconds = 86'400;
inline constexpr std::int64_t kFirstSecond = 1'672'531'200;  // 2023-01-01
inline constexpr std::int64_t kDays = 1096;
inline constexpr std::int64_t kEndSecond = kFirstSecond + kDays * kDaySeconds;  // 2026-01-01: nothing is later

// A product divided, without overflow between: values of up to 2^63.
inline std::int64_t scaled(std::int64_t value, std::int64_t by, std::int64_t total) {
  __extension__ using Wide = __int128;
  return static_cast<std::int64_t>(Wide{value} * by / total);
}

class Calendar {
 public:
  Calendar(std::uint64_t seed, std::int64_t orders);

  // Of the order with this number, from 0; precondition: it is below the number of orders.
  std::int64_t time_of(std::int64_t order) const;
  // Whether a day (since kFirstSecond) is one on which nearly everything is reduced.
  static bool is_shopping_day(std::int64_t day);

 private:
  struct Hours {
    std::array<std::int64_t, 24> weight;
    std::array<std::int64_t, 25> before;  // sums of the weights
  };

  const std::uint64_t seed_;
  std::vector<std::int64_t> day_begin_;  // the number of the first order of each day, and the end
  Hours workday_;
  Hours weekend_;
};

}  // namespace canvasback::marketplace
