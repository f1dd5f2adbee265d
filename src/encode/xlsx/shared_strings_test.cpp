#include "encode/xlsx/shared_strings.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "encode/xlsx/limits.hpp"

namespace canvasback::xlsx {
namespace {

BlockWords words_of(const std::vector<std::string>& texts) {
  BlockWords words;
  words.clear(texts.size());
  for (const std::string& text : texts) words.add(text);
  return words;
}

TEST(SharedStrings, WordsOfABlockComeInTheOrderOfTheRows) {
  BlockWords words;
  words.clear(6);
  for (const char* text : {"b", "a", "b", ""}) words.add(text);
  words.add_null();
  words.add("a");
  EXPECT_EQ(words.words(), (std::vector<std::string_view>{"b", "a", ""}));
  EXPECT_EQ(words.rows(), (std::vector<std::uint32_t>{0, 1, 0, 2, kNoWord, 1}));
  EXPECT_EQ(words.cells(), 5);
  words.clear(1);
  words.add("a");
  EXPECT_EQ(words.words().size(), 1u);
}

TEST(SharedStrings, ManyWordsOfEveryLengthAreTold) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 3'000; ++i) texts.push_back(std::string(i % 70, 'x') + std::to_string(i));
  std::vector<std::string> twice = texts;
  twice.insert(twice.end(), texts.begin(), texts.end());
  const BlockWords words = words_of(twice);
  ASSERT_EQ(words.words().size(), texts.size());
  for (std::size_t i = 0; i < twice.size(); ++i) EXPECT_EQ(words.rows()[i], i % texts.size());
}

TEST(SharedStrings, NumbersGoThroughAllColumns) {
  SharedStrings strings(2);
  std::vector<std::uint32_t> numbers;
  strings.add(0, words_of({"x", "y"}), numbers);
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{0, 1}));
  strings.add(1, words_of({"y", "z"}), numbers);
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(strings.word(2), "z");
}

TEST(SharedStrings, WordsThatHaveNotesStandInTheirCells) {
  SharedStrings strings(1);
  std::vector<std::uint32_t> numbers;
  const std::vector<std::string> texts{"a & <b>", "\x01", "_x0041_", std::string(32'768, 'x'), "\xff", "é"};
  strings.add(0, words_of(texts), numbers);
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{0, kNoWord, kNoWord, kNoWord, kNoWord, 1}));
}

TEST(SharedStrings, AColumnOfNewWordsStopsSharing) {
  SharedStrings strings(2);
  std::vector<std::uint32_t> numbers;
  std::deque<std::string> texts;
  const auto block_of = [&](bool distinct) {
    BlockWords words;
    words.clear(1'000);
    for (int i = 0; i < 1'000; ++i) words.add(texts.emplace_back(std::to_string(distinct ? texts.size() : i)));
    return words;
  };
  std::int64_t rows = 0;
  for (; strings.may_share(0); rows += 1'000) strings.add(0, block_of(true), numbers);
  EXPECT_GT(rows, kSharedStart);
  EXPECT_LE(rows, kSharedStart * kSharedShare + 2'000);
  strings.add(0, block_of(true), numbers);
  EXPECT_TRUE(numbers.empty());
  for (int i = 0; i < 100; ++i) strings.add(1, block_of(false), numbers);
  EXPECT_TRUE(strings.may_share(1));
  EXPECT_EQ(numbers.size(), 1'000u);
}

TEST(SharedStrings, MemoryIsBounded) {
  SharedStrings strings(1);
  std::vector<std::uint32_t> numbers;
  const std::string filler(20'000, 'x');
  bool full = false;
  for (int i = 0; i < 3'000; ++i) {
    // Repetitions keep the column sharing.
    std::vector<std::string> texts{"always"};
    texts.push_back(filler + std::to_string(i));
    strings.add(0, words_of(texts), numbers);
    EXPECT_EQ(numbers[0], 0u);
    full = full || numbers[1] == kNoWord;
    ASSERT_LE(strings.bytes(), kSharedBytesMax);
  }
  EXPECT_TRUE(full);
}

}  // namespace
}  // namespace canvasback::xlsx
