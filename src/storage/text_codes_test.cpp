#include "storage/text_codes.hpp"

#include <gtest/gtest.h>

#include <map>

namespace canvasback {
namespace {

TEST(TextCodes, EveryTextHasItsNumber) {
  TextCodes codes({100'000, 10'000'000});
  std::map<std::string, std::uint32_t> expected;
  for (int i = 0; i < 50'000; ++i) {
    const std::string text =
        i == 7 ? "" : std::string(static_cast<std::size_t>(i % 40), 'x') + std::to_string(i % 30'000);
    const auto number = static_cast<std::uint32_t>(expected.size());
    const auto [known, fresh] = expected.emplace(text, number);
    EXPECT_EQ(codes.code(text), known->second) << text;
  }
  EXPECT_EQ(codes.size(), expected.size());
  for (const auto& [text, code] : expected) EXPECT_EQ(codes.text(code), text);
}

TEST(TextCodes, OneTooManyHasNone) {
  TextCodes few({2, 100});
  EXPECT_EQ(few.code("a"), 0U);
  EXPECT_EQ(few.code("b"), 1U);
  EXPECT_EQ(few.code("c"), std::nullopt);
  EXPECT_EQ(few.code("b"), 1U);
  TextCodes small({100, 5});
  EXPECT_EQ(small.code("abcde"), 0U);
  EXPECT_EQ(small.code("f"), std::nullopt);
  EXPECT_EQ(small.code(""), 1U);
}

}  // namespace
}  // namespace canvasback
