#include "worker/roles/pull/page_size.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(PageSizeTest, GrowsAndShrinksTowardsItsSeconds) {
  PageSize size(100'000, 5'000'000);
  for (int i = 0; i < 20; ++i) size.took(static_cast<double>(size.rows()) / 200'000);
  EXPECT_NEAR(static_cast<double>(size.rows()), kPageSeconds * 200'000, 1);
  for (int i = 0; i < 20; ++i) size.took(static_cast<double>(size.rows()) / 10'000'000);
  EXPECT_EQ(size.rows(), 5'000'000);
  for (int i = 0; i < 20; ++i) size.took(static_cast<double>(size.rows()) / 10);
  EXPECT_EQ(size.rows(), 256);
}

TEST(PageSizeTest, OnePageChangesItByAStepAtMost) {
  PageSize size(10'000, 1'000'000);
  size.took(0.0001);
  EXPECT_EQ(size.rows(), 40'000);
  size.took(1'000);
  EXPECT_EQ(size.rows(), 10'000);
}

TEST(PageSizeTest, ShrinksToAnEnd) {
  PageSize size(10'000, 1'000'000);
  int steps = 0;
  while (size.shrink()) ASSERT_LT(++steps, 10);
  EXPECT_EQ(size.rows(), 256);
  EXPECT_EQ(steps, 3);
}

}  // namespace
}  // namespace canvasback
