#include "analyse/moments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace canvasback::analyse {
namespace {

// Of 0, 1, …, 999.
constexpr double kSpread = 288.8194360957494;

template <class Moments, class Value>
double spread_in_blocks(const std::vector<Value>& values, std::size_t block) {
  Moments whole;
  for (std::size_t at = 0; at < values.size(); at += block) {
    Moments part;
    part.add(std::span<const Value>(values).subspan(at, std::min(block, values.size() - at)));
    whole.merge(part);
  }
  return whole.spread().standard_deviation().value_or(std::numeric_limits<double>::quiet_NaN());
}

TEST(Moments, LargeNumbersCloseToEachOtherLoseNothing) {
  for (std::size_t block : {1U, 7U, 64U, 1000U}) {
    std::vector<std::int64_t> integers;
    std::vector<std::int64_t> ends;
    std::vector<Int128> wide;
    std::vector<double> doubles;
    for (int i = 0; i < 1000; ++i) {
      integers.push_back((std::int64_t{1} << 53) + i);
      ends.push_back(std::numeric_limits<std::int64_t>::min() + i);
      wide.push_back((static_cast<Int128>(1) << 64) - 1 - i);
      doubles.push_back(0x1p52 + i);
    }
    EXPECT_NEAR(spread_in_blocks<IntegerMoments>(integers, block), kSpread, 1e-10) << block;
    EXPECT_NEAR(spread_in_blocks<IntegerMoments>(ends, block), kSpread, 1e-10) << block;
    EXPECT_NEAR(spread_in_blocks<IntegerMoments>(wide, block), kSpread, 1e-10) << block;
    EXPECT_NEAR(spread_in_blocks<DoubleMoments>(doubles, block), kSpread, 1e-10) << block;
  }
}

TEST(Moments, IntegersAtBothEnds) {
  const std::vector<std::int64_t> values{std::numeric_limits<std::int64_t>::min(),
                                         std::numeric_limits<std::int64_t>::max()};
  EXPECT_DOUBLE_EQ(spread_in_blocks<IntegerMoments>(values, 2), 0x1p64 / std::sqrt(2));
  EXPECT_DOUBLE_EQ(spread_in_blocks<IntegerMoments>(values, 1), 0x1p64 / std::sqrt(2));
}

TEST(Moments, DoublesWhoseSumsAndSquaresLeaveTheirRange) {
  DoubleMoments moments;
  const std::vector<double> values{1e308, 9e307, 1e308, 9e307, 1e308, 9e307};
  moments.add(values);
  EXPECT_DOUBLE_EQ(moments.mean(6), 9.5e307);
  EXPECT_NEAR(moments.spread().standard_deviation().value() / 1e306, 5.477225575051661, 1e-12);
  EXPECT_NEAR(spread_in_blocks<DoubleMoments>(std::vector<double>{-1e308, 1e308}, 1) / 1e308, std::sqrt(2), 1e-12);
  EXPECT_NEAR(spread_in_blocks<DoubleMoments>(std::vector<double>{1e-200, 3e-200}, 2) / 1e-200, std::sqrt(2), 1e-12);
  DoubleMoments odd;
  odd.add(std::vector<double>{1, std::numeric_limits<double>::infinity()});
  EXPECT_TRUE(std::isinf(odd.sum()));
  EXPECT_FALSE(odd.spread().standard_deviation());
}

}  // namespace
}  // namespace canvasback::analyse
