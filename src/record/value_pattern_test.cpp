#include "record/value_pattern.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(ValuePattern, AnchorsAreTheEndsOfTheWholeValue) {
  auto digits = ValuePattern::make("^[0-9]+$");
  ASSERT_TRUE(digits);
  EXPECT_EQ(digits->found_in("12"), true);
  for (const char* lines : {"x\n12", "12\nx", "12\n", "\n12", "12\r\nx"}) EXPECT_EQ(digits->found_in(lines), false);
  auto either = ValuePattern::make("^a|b$");
  ASSERT_TRUE(either);
  EXPECT_EQ(either->found_in("x\na\nx"), false);
  EXPECT_EQ(either->found_in("x\nb"), true);
  auto lines = ValuePattern::make("(?m)^12$");
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->found_in("x\n12"), true);
}

}  // namespace
}  // namespace canvasback
