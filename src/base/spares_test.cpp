#include "base/spares.hpp"

#include <gtest/gtest.h>

#include <string>

namespace canvasback {
namespace {

TEST(Spares, WhatNobodyHoldsIsTakenAgain) {
  std::shared_ptr<std::string> outlives;
  {
    Spares<std::string> spares(1);
    auto first = spares.take();
    first->assign(1000, 'x');
    const char* memory = first->data();
    auto lent = spares.lend(std::move(first));
    const auto shared = lent;
    lent.reset();
    EXPECT_NE(spares.take()->data(), memory);  // still held
    outlives = shared;
  }
  outlives.reset();  // comes back to nobody

  Spares<std::string> spares(1);
  auto first = spares.take();
  first->assign(1000, 'x');
  const char* memory = first->data();
  spares.lend(std::move(first)).reset();
  spares.give(std::make_unique<std::string>("one too many"));
  EXPECT_EQ(spares.take()->data(), memory);
  EXPECT_EQ(*spares.take(), "");
}

}  // namespace
}  // namespace canvasback
