#include "analyse/row_hashes.hpp"

#include <gtest/gtest.h>

namespace canvasback::analyse {
namespace {

DuplicateRows count_of(std::uint64_t different, std::uint64_t every, std::uint64_t copies, std::size_t kept_max) {
  RowHashes hashes(kept_max);
  for (std::uint64_t row = 0; row < different; ++row) {
    const std::vector<std::uint64_t> same(row % every == 0 ? copies + 1 : 1, row);
    hashes.add(same);
  }
  return hashes.count();
}

TEST(RowHashes, CountsExactlyWhileAllFit) {
  EXPECT_EQ(count_of(1000, 10, 2, 10'000).rows, 200);
  EXPECT_TRUE(count_of(1000, 10, 2, 10'000).exact);
  EXPECT_EQ(count_of(0, 1, 0, 10).rows, 0);
}

TEST(RowHashes, BeyondThatTheStatedErrorHolds) {
  for (const std::uint64_t every : {2, 100, 5'000}) {
    for (const std::uint64_t copies : {1, 20}) {
      const DuplicateRows got = count_of(200'000, every, copies, 20'000);
      const auto truth = static_cast<double>((200'000 + every - 1) / every * copies);
      EXPECT_FALSE(got.exact);
      EXPECT_GT(got.error, 0);
      EXPECT_NEAR(static_cast<double>(got.rows), truth, static_cast<double>(got.error)) << every << " " << copies;
    }
  }
}

TEST(RowHashes, CopiesOfOneRowStayBoundedInMemory) {
  RowHashes hashes(1000);
  const std::vector<std::uint64_t> same(100'000, 42);
  hashes.add(same);
  const DuplicateRows got = hashes.count();
  EXPECT_FALSE(got.exact);
}

}  // namespace
}  // namespace canvasback::analyse
