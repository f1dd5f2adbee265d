#include "storage/block_index.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

std::string key(char digit) { return std::string(64, digit); }

class BlockIndexTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(cache_);
    fs::create_directory(spill_);
  }
  std::string offer(std::string_view name, std::size_t bytes) {
    return folder_.write("spill/" + std::string(name), std::string(bytes, 'x'));
  }
  bool has(char digit) const { return fs::exists(cache_ + "/" + key(digit) + ".arrow"); }

  TemporaryFolder folder_;
  std::string cache_ = folder_ / "cache";
  std::string spill_ = folder_ / "spill";
};

TEST_F(BlockIndexTest, AnOfferedFileMovesIn) {
  BlockIndex index(cache_, 100);
  const std::string offered = offer("a.block", 40);
  index.accept(key('a'), offered, spill_);
  EXPECT_TRUE(has('a'));
  EXPECT_FALSE(fs::exists(offered));
  EXPECT_EQ(index.bytes(), 40U);
  EXPECT_EQ(index.size(), 1U);
}

TEST_F(BlockIndexTest, WhatAnEarlierServerLeftIsRemoved) {
  folder_.write("cache/" + key('f') + ".arrow", "old");
  BlockIndex index(cache_, 100);
  EXPECT_FALSE(has('f'));
}

TEST_F(BlockIndexTest, TheLeastRecentlyUsedGoesFirst) {
  BlockIndex index(cache_, 100);
  for (char digit : {'a', 'b', 'c'}) index.accept(key(digit), offer("x.block", 30), spill_);
  index.touch(key('a'));
  index.accept(key('d'), offer("x.block", 30), spill_);
  EXPECT_TRUE(has('a'));
  EXPECT_FALSE(has('b'));
  EXPECT_TRUE(has('c'));
  EXPECT_TRUE(has('d'));
  EXPECT_EQ(index.bytes(), 90U);
  index.touch(key('b'));  // gone: nothing happens
}

TEST_F(BlockIndexTest, ABlockLargerThanTheBudgetIsNotKept) {
  BlockIndex index(cache_, 100);
  index.accept(key('a'), offer("a.block", 60), spill_);
  const std::string offered = offer("b.block", 101);
  index.accept(key('b'), offered, spill_);
  EXPECT_FALSE(fs::exists(offered));
  EXPECT_TRUE(has('a'));
  EXPECT_FALSE(has('b'));
}

TEST_F(BlockIndexTest, TheSameBlockAgainIsDropped) {
  BlockIndex index(cache_, 100);
  index.accept(key('a'), offer("a.block", 10), spill_);
  const std::string again = offer("a.block", 20);
  index.accept(key('a'), again, spill_);
  EXPECT_FALSE(fs::exists(again));
  EXPECT_EQ(index.bytes(), 10U);
}

TEST_F(BlockIndexTest, FilesOutsideTheSpillFolderStayWhereTheyAre) {
  BlockIndex index(cache_, 100);
  const std::string outside = folder_.write("secret", "keys");
  fs::create_directory(spill_ + "/sub");
  const std::string below = offer("sub/b.block", 5);
  for (const std::string& path :
       {outside, spill_ + "/../secret", spill_ + "/sub/b.block", spill_ + "/sub/../../secret"}) {
    index.accept(key('a'), path, spill_);
  }
  EXPECT_TRUE(fs::exists(outside));
  EXPECT_TRUE(fs::exists(below));
  EXPECT_EQ(index.size(), 0U);
}

TEST_F(BlockIndexTest, LinksAreRefused) {
  BlockIndex index(cache_, 100);
  const std::string secret = folder_.write("secret", "keys");
  fs::create_symlink(secret, spill_ + "/a.block");
  index.accept(key('a'), spill_ + "/a.block", spill_);
  EXPECT_FALSE(has('a'));
  EXPECT_TRUE(fs::exists(secret));
  EXPECT_FALSE(fs::is_symlink(spill_ + "/a.block"));
}

TEST_F(BlockIndexTest, KeysThatAreNoDigestAreRefused) {
  BlockIndex index(cache_, 100);
  for (const std::string& bad : {std::string("a"), std::string(64, 'A'), "../" + std::string(61, 'a'), std::string()}) {
    index.accept(bad, offer("a.block", 5), spill_);
  }
  EXPECT_EQ(index.size(), 0U);
  EXPECT_TRUE(fs::is_empty(cache_));
}

// A worker may say anything: these paths have the spill folder as their parent, and are it, or its own parent.
TEST_F(BlockIndexTest, TheSpillFolderItselfIsNoOffer) {
  BlockIndex index(cache_, 100);
  for (const std::string& path : {spill_ + "/", spill_ + "/.", spill_ + "/.."}) {
    index.accept(key('a'), path, spill_);
    EXPECT_TRUE(fs::is_directory(spill_)) << path;
  }
}

}  // namespace
}  // namespace canvasback
