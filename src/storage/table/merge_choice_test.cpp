// What is merged, and when: with a clock that stands where the test sets it.
#include "storage/table/merge_choice.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kNowUs = 1'800'000'000 * kSecondUs;

CollectionFile file_of(const std::string& name, std::int64_t rows, std::int64_t age_s) {
  CollectionFile out;
  out.file.path = "/c/" + name;
  out.file.rows = rows;
  out.name = *parse_part_name(name);
  out.info.time_us = kNowUs - age_s * kSecondUs;
  return out;
}

std::vector<CollectionFile> commits(std::uint64_t first, std::size_t count, std::int64_t rows, std::int64_t age_s = 5) {
  std::vector<CollectionFile> out;
  for (std::uint64_t i = first; i < first + count; ++i) out.push_back(file_of(commit_file_name(i, 1, 1), rows, age_s));
  return out;
}

std::vector<CollectionFile> parts(IsoWeek week, int count, std::int64_t rows) {
  std::vector<CollectionFile> out;
  for (int i = 0; i < count; ++i) out.push_back(file_of(week_file_name(week, i), rows, 3600));
  return out;
}

void append(std::vector<CollectionFile>& files, std::vector<CollectionFile> more) {
  files.insert(files.end(), more.begin(), more.end());
}

class MergeChoice : public testing::Test {
 protected:
  std::vector<CollectionFile> choose(MergeSize size) const {
    return choose_merge({live, in_merge, 60 * kSecondUs, newest_us}, size, kNowUs);
  }

  std::vector<CollectionFile> live;
  std::set<std::string, std::less<>> in_merge;
  std::int64_t newest_us = kNowUs - 5 * kSecondUs;
};

TEST_F(MergeChoice, NothingOfNothing) {
  EXPECT_TRUE(choose(MergeSize::Small).empty());
  EXPECT_TRUE(choose(MergeSize::Large).empty());
}

TEST_F(MergeChoice, CommitsWaitUntilTheyAreMany) {
  live = commits(1, limits::kCommitsMergeAt - 1, 10);
  EXPECT_TRUE(choose(MergeSize::Small).empty());
  append(live, commits(100, 1, 10));
  EXPECT_EQ(choose(MergeSize::Small).size(), limits::kCommitsMergeAt);
  EXPECT_TRUE(choose(MergeSize::Large).empty());
}

TEST_F(MergeChoice, OrUntilOneHasLainForLong) {
  live = commits(1, 1, 10, 61);
  append(live, commits(2, 1, 10, 1));
  EXPECT_EQ(choose(MergeSize::Small).size(), 2U);
  live = commits(1, 1, 10, 60);
  EXPECT_TRUE(choose(MergeSize::Small).empty());
}

TEST_F(MergeChoice, WhatIsBeingMergedIsLeftAlone) {
  live = commits(1, limits::kCommitsMergeAt, 10);
  in_merge.insert(live[3].file.path);
  EXPECT_TRUE(choose(MergeSize::Small).empty());
}

TEST_F(MergeChoice, SizesNeverShareACommit) {
  live = commits(1, limits::kCommitsMergeAt, limits::kSmallCommitRows);
  append(live, commits(500, limits::kCommitsMergeAt, limits::kSmallCommitRows + 1));
  for (const CollectionFile& file : choose(MergeSize::Small)) EXPECT_LT(file.name.commit, 500U);
  const auto large = choose(MergeSize::Large);
  EXPECT_EQ(large.size(), limits::kCommitsMergeAt);
  for (const CollectionFile& file : large) EXPECT_GE(file.name.commit, 500U);
}

TEST_F(MergeChoice, ASmallMergeTakesTheOldestAndNoMoreThanItMay) {
  const std::size_t fits = limits::kSmallMergeRows / limits::kSmallCommitRows;
  live = commits(1, limits::kCommitsMergeAt, limits::kSmallCommitRows);
  const auto chosen = choose(MergeSize::Small);
  ASSERT_EQ(chosen.size(), fits);
  for (std::size_t i = 0; i < fits; ++i) EXPECT_EQ(chosen[i].name.commit, i + 1);
}

TEST_F(MergeChoice, AllFilesOfACommitGoTogether) {
  live = commits(1, limits::kCommitsMergeAt - 1, 10);
  for (int index : {1, 2, 3}) live.push_back(file_of(commit_file_name(40, index, 3), 10, 5));
  EXPECT_EQ(choose(MergeSize::Small).size(), limits::kCommitsMergeAt + 2);
  // Together they are large, though none of them is.
  for (CollectionFile& file : live) file.file.rows = limits::kSmallCommitRows / 2;
  append(live, commits(50, 1, 10));
  const auto small = choose(MergeSize::Small);
  EXPECT_FALSE(small.empty());
  for (const CollectionFile& file : small) EXPECT_NE(file.name.commit, 40U);
}

TEST_F(MergeChoice, ALargeMergeWaitsForTheEndOfABurst) {
  newest_us = kNowUs - kSecondUs / 2;
  live = commits(1, limits::kCommitsMergeAt, limits::kSmallCommitRows + 1);
  EXPECT_TRUE(choose(MergeSize::Large).empty());
  newest_us = kNowUs - kSecondUs;
  EXPECT_EQ(choose(MergeSize::Large).size(), limits::kCommitsMergeAt);
  newest_us = kNowUs;
  live = commits(1, 2 * limits::kCommitsMergeAt, limits::kSmallCommitRows + 1);
  EXPECT_EQ(choose(MergeSize::Large).size(), 2 * limits::kCommitsMergeAt);
}

TEST_F(MergeChoice, PartsOfOneWeekAndSizeGoTogether) {
  live = parts({2025, 7}, kPartsOfTierMax - 1, 100);
  append(live, parts({2025, 8}, 3, 100));
  live.push_back(file_of(week_file_name({2025, 7}, 90), 5, 3600));  // of another size
  EXPECT_TRUE(choose(MergeSize::Small).empty());
  live.push_back(file_of(week_file_name({2025, 7}, 91), 200, 3600));
  const auto chosen = choose(MergeSize::Small);
  ASSERT_EQ(chosen.size(), kPartsOfTierMax);
  for (const CollectionFile& file : chosen) EXPECT_EQ(file.name.week, (IsoWeek{2025, 7}));
}

TEST_F(MergeChoice, ManyRowsOfPartsAreALargeMerge) {
  live = parts({2025, 7}, kPartsOfTierMax, limits::kSmallMergeRows);
  EXPECT_TRUE(choose(MergeSize::Small).empty());
  EXPECT_EQ(choose(MergeSize::Large).size(), kPartsOfTierMax);
}

TEST_F(MergeChoice, TheMostDeadPartIsWrittenAnew) {
  live = parts({2025, 7}, 3, 100'000);
  live[0].file.dead = {{0, 1998}};  // less than one of fifty
  EXPECT_TRUE(choose(MergeSize::Large).empty());
  live[1].file.dead = {{0, 1999}};
  live[2].file.dead = {{0, 2500}};
  EXPECT_TRUE(choose(MergeSize::Small).empty());
  const auto chosen = choose(MergeSize::Large);
  ASSERT_EQ(chosen.size(), 1U);
  EXPECT_EQ(chosen[0].file.path, live[2].file.path);
  live = parts({2025, 7}, 1, 100);
  live[0].file.dead = {{0, 99}};  // too few to be worth it
  EXPECT_TRUE(choose(MergeSize::Large).empty());
}

TEST_F(MergeChoice, CompactTakesAllCommitsThenOneWeekAfterTheOther) {
  live = parts({2025, 7}, 2, 10);
  append(live, parts({2025, 1}, 1, 10));
  append(live, commits(1, 2, 10));
  EXPECT_EQ(commits_of(live).size(), 2U);
  EXPECT_EQ(weeks_of(live), (std::set<IsoWeek>{{2025, 1}, {2025, 7}}));
  EXPECT_TRUE(is_worth_rewriting(parts_of_week(live, {2025, 7})));
  EXPECT_FALSE(is_worth_rewriting(parts_of_week(live, {2025, 1})));
  EXPECT_FALSE(is_worth_rewriting(parts_of_week(live, {2025, 2})));
  live[2].file.dead = {{0, 0}};
  EXPECT_TRUE(is_worth_rewriting(parts_of_week(live, {2025, 1})));
}

}  // namespace
}  // namespace canvasback
