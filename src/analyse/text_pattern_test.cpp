#include "analyse/text_pattern.hpp"

#include <gtest/gtest.h>

namespace canvasback::analyse {
namespace {

TEST(TextPattern, RunsOfLettersAndDigitsBecomeTheirKind) {
  EXPECT_EQ(pattern_of("AB-12 x"), "A+-9{2} a");
  EXPECT_EQ(pattern_of("seller_00042"), "a+_9{5}");
  EXPECT_EQ(pattern_of(""), "");
  EXPECT_EQ(pattern_of("é日本"), "a+");
  EXPECT_EQ(pattern_of("é"), "a");
  EXPECT_EQ(pattern_of("7"), "9");
  const std::string long_pattern = pattern_of(std::string(1000, '.'));
  EXPECT_LT(long_pattern.size(), 70U);
  EXPECT_TRUE(long_pattern.ends_with("…"));
}

TEST(TextPattern, FormatsAreTold) {
  const std::pair<const char*, const char*> expected[] = {
      {"", "empty"},
      {"  \t", "blank"},
      {"-12", "integer"},
      {" 12 ", "integer"},
      {"1.5", "decimal"},
      {"1,000.25", "decimal"},
      {"2024-01-31", "date"},
      {"31.01.2024", "date_dmy"},
      {"12:30", "time"},
      {"2024-01-31T12:30:00Z", "timestamp"},
      {"2024-01-31 12:30", "timestamp"},
      {"True", "boolean"},
      {"550e8400-e29b-41d4-a716-446655440000", "uuid"},
      {"a@b.example", "email"},
      {"https://x.example/a", "url"},
      {"-", "text"},
      {"1-2-3", "text"},
      {"see a@b.example now", "text"},
  };
  for (const auto& [text, format] : expected) EXPECT_EQ(format_of_text(text), format) << text;
}

TEST(TextPattern, CharactersAreCountedAcrossWords) {
  for (std::size_t padding = 0; padding < 20; ++padding) {
    const std::string text = std::string(padding, 'x') + "日本é😀" + std::string(padding / 2, 'y');
    EXPECT_EQ(count_characters(text), padding + 4 + padding / 2);
  }
}

TEST(TextPattern, ShortenedCutsBetweenCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc…");
  EXPECT_EQ(shortened("aé", 2), "a…");
}

}  // namespace
}  // namespace canvasback::analyse
