#include "analyse/hyperloglog.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "analyse/hash_value.hpp"

namespace canvasback::analyse {
namespace {

TEST(HyperLogLog, HoldsTheStatedErrorForCountsOfAnySize) {
  for (const std::int64_t count : {0, 1, 2, 100, 5'000, 20'000, 40'000, 100'000, 3'000'000}) {
    HyperLogLog sketch;
    for (std::int64_t i = 0; i < count; ++i) sketch.add(hash_value(i));
    EXPECT_NEAR(sketch.estimate(), static_cast<double>(count), static_cast<double>(count) * HyperLogLog::kErrorStated)
        << count;
  }
}

TEST(HyperLogLog, HashesOfSimilarValuesAreSpread) {
  // Values that differ in high bits only, in the bits of a double's fraction, and texts that share all but the end.
  HyperLogLog shifted;
  HyperLogLog fractions;
  HyperLogLog texts;
  HyperLogLog wide;
  constexpr std::int64_t kCount = 200'000;
  for (std::int64_t i = 0; i < kCount; ++i) {
    shifted.add(hash_value(i << 44));
    fractions.add(hash_value(std::bit_cast<std::int64_t>(static_cast<double>(i) / 100)));
    texts.add(hash_value("a text that is rather long " + std::to_string(i)));
    wide.add(hash_value(static_cast<Int128>(i) << 64));
  }
  for (const HyperLogLog* sketch : {&shifted, &fractions, &texts, &wide}) {
    EXPECT_NEAR(sketch->estimate(), kCount, kCount * HyperLogLog::kErrorStated);
  }
}

TEST(HyperLogLog, AMergeIsTheUnion) {
  HyperLogLog left;
  HyperLogLog right;
  HyperLogLog both;
  for (std::int64_t i = 0; i < 150'000; ++i) {
    (i % 3 == 0 ? left : right).add(hash_value(i));
    if (i % 5 == 0) left.add(hash_value(i));
    both.add(hash_value(i));
  }
  left.merge(right);
  EXPECT_EQ(left.estimate(), both.estimate());
}

}  // namespace
}  // namespace canvasback::analyse
