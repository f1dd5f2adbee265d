#include "base/radix_sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace canvasback {
namespace {

std::vector<std::uint64_t> some_words(std::size_t count, std::uint64_t mask) {
  std::mt19937_64 random(20'210'101);
  std::vector<std::uint64_t> words(count);
  for (std::size_t i = 0; i < count; ++i) words[i] = (random() & mask) ^ (i << 40);
  return words;
}

// Against the library's stable sort by the same bits.
void expect_sorted(std::vector<std::uint64_t> words, RadixBits bits, int threads) {
  const auto key = [&](std::uint64_t word) {
    const std::uint64_t mask = bits.count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits.count) - 1;
    return (word >> bits.first) & mask;
  };
  std::vector<std::uint64_t> expected = words;
  std::ranges::stable_sort(expected, {}, key);
  std::vector<std::uint64_t> spare;
  radix_sort(words, spare, bits, threads);
  EXPECT_EQ(words, expected) << bits.first << " " << bits.count << " " << threads;
}

TEST(RadixSort, IsThatOfTheLibrary) {
  const auto words = some_words(300'000, ~std::uint64_t{0});
  for (const RadixBits bits :
       {RadixBits{0, 64}, RadixBits{32, 32}, RadixBits{0, 5}, RadixBits{63, 1}, RadixBits{7, 17}}) {
    for (int threads : {1, 2, 3}) expect_sorted(words, bits, threads);
  }
}

TEST(RadixSort, KeepsTheOrderOfEquals) {
  expect_sorted(some_words(200'000, 0xff), {0, 4}, 2);
  expect_sorted(some_words(200'000, 0xff), {0, 0}, 2);
  expect_sorted(std::vector<std::uint64_t>(200'000, 7), {0, 64}, 2);
}

TEST(RadixSort, TakesFewWords) {
  for (std::size_t count : {0U, 1U, 2U, 255U}) expect_sorted(some_words(count, ~std::uint64_t{0}), {0, 64}, 4);
}

}  // namespace
}  // namespace canvasback
