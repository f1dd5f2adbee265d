#include "service/query/answer_cache.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

std::shared_ptr<const std::string> bytes(std::size_t count) { return std::make_shared<const std::string>(count, 'x'); }

TEST(AnswerCache, TheLeastRecentlyUsedGoesFirst) {
  AnswerCache cache(303);
  cache.put("a", bytes(100));
  cache.put("b", bytes(100));
  cache.put("c", bytes(100));
  EXPECT_NE(cache.find("a"), nullptr);
  cache.put("d", bytes(100));
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  EXPECT_NE(cache.find("d"), nullptr);
  EXPECT_EQ(cache.bytes(), 303U);
}

TEST(AnswerCache, WhatIsLargerThanTheWholeIsNotKept) {
  AnswerCache cache(100);
  cache.put("a", bytes(50));
  cache.put("b", bytes(100));
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
}

TEST(AnswerCache, OfNoBytesKeepsNothing) {
  AnswerCache cache(0);
  cache.put("a", bytes(1));
  cache.put("", bytes(0));
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(AnswerCache, AnAnswerInUseOutlivesItsEntry) {
  AnswerCache cache(150);
  cache.put("a", bytes(100));
  const auto held = cache.find("a");
  cache.put("b", bytes(100));
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(held->size(), 100U);
}

}  // namespace
}  // namespace canvasback
