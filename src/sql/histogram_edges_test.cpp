// That counts equal these edges is shown on the engine in tests/functional/test_exact_values.py.
#include "sql/histogram_edges.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

using Texts = std::vector<std::string>;

TEST(HistogramEdges, IntegersAreDividedExactly) {
  const auto made = histogram_edges(EdgesKind::Integers, "-128", "127", 3);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->edges, (Texts{"-128", "-43", "42", "127"}));
  EXPECT_EQ(made->last, (Texts{"-44", "41", "127"}));
}

TEST(HistogramEdges, TheEndsHoldEveryInteger) {
  const auto made = histogram_edges(EdgesKind::Integers, "9007199254740993", "18446744073709551615", 1);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->edges, (Texts{"9007199254740992", "18446744073709551616"}));
  EXPECT_EQ(made->last, Texts{"18446744073709551615"});
}

TEST(HistogramEdges, MicrosecondsAreWhole) {
  const auto made = histogram_edges(EdgesKind::Microseconds, "0", "10", 4);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->edges, (Texts{"0", "2", "5", "7", "10"}));
  EXPECT_EQ(made->last, (Texts{"1", "4", "6", "10"}));
}

TEST(HistogramEdges, DecimalsAreCountedInUnitsOfTheirLastDigit) {
  const auto made = histogram_edges(EdgesKind::Decimals, "-0.05", "1.20", 3);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->edges, (Texts{"-0.05", "0.37", "0.79", "1.20"}));
  EXPECT_EQ(made->last, (Texts{"36", "78", "120"}));
  const std::string most(38, '9');
  const auto ends = histogram_edges(EdgesKind::Decimals, "-" + most, most, 2);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->edges, (Texts{"-" + most, "0", most}));
  EXPECT_EQ(ends->last, (Texts{"-1", most}));
  // No bin ends below the least value: its type may have none below.
  const auto near = histogram_edges(EdgesKind::Decimals, "-99", "-98", 3);
  ASSERT_TRUE(near);
  EXPECT_EQ(near->edges, (Texts{"-99", "-98", "-98", "-98"}));
  EXPECT_EQ(near->last, (Texts{"-99", "-99", "-98"}));
}

TEST(HistogramEdges, NanosecondsAreWhole) {
  const auto made = histogram_edges(EdgesKind::Nanoseconds, "-3", "7", 4);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->edges, (Texts{"-3", "0", "2", "5", "7"}));
  EXPECT_EQ(made->last, (Texts{"-1", "1", "4", "7"}));
}

TEST(HistogramEdges, DoublesPastTheirRangeAndWithoutRoomBetween) {
  const auto wide = histogram_edges(EdgesKind::Doubles, "-1e308", "1e308", 2);
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->edges, (Texts{"-1e+308", "0", "1e+308"}));
  EXPECT_EQ(wide->last, (Texts{"-5e-324", "1e+308"}));
  const auto near = histogram_edges(EdgesKind::Doubles, "1", "1.0000000000000002", 4);
  ASSERT_TRUE(near);
  EXPECT_EQ(near->edges.front(), "1");
  EXPECT_EQ(near->edges.back(), "1.0000000000000002");
  EXPECT_FALSE(histogram_edges(EdgesKind::Integers, "a", "1", 1));
}

}  // namespace
}  // namespace canvasback
