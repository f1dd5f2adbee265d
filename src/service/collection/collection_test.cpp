#include "service/collection/collection.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace canvasback {
namespace {

class CollectionTest : public testing::Test {
 protected:
  void add(const std::string& name, std::int64_t rows, std::int64_t time_us) {
    CollectionFile file;
    file.file.path = "/c/" + name;
    file.file.rows = rows;
    file.file.bytes = 100;
    file.name = *parse_part_name(name);
    file.info.time_us = time_us;
    collection.take_over(file, {});
    collection.files.live.push_back(std::move(file));
  }

  asio::io_context loop;
  Collection collection{loop.get_executor(), {"c", "/c", "/a", "/q"}, true};
};

TEST_F(CollectionTest, CountsCommitsAndRecordsWithoutTheDead) {
  add("data_2025_w02.parquet", 100, 1);
  add("commit_000000000007_1of2.parquet", 10, 2);
  add("commit_000000000007_2of2.parquet", 10, 2);
  add("commit_000000000008.parquet", 10, 3);
  collection.files.live[0].file.dead = {{0, 9}};
  EXPECT_EQ(collection.commit_count(), 2U);
  EXPECT_EQ(collection.records(), 120);
  EXPECT_EQ(collection.dead_rows(), 10);
  EXPECT_EQ(collection.bytes(), 400U);
  const Json document = statistics_of(collection);
  EXPECT_EQ(document.at("unmerged_records").as_int(), 30);
  EXPECT_EQ(document.at("weeks").as_array()[0].at("week").as_string(), "2025-W02");
  EXPECT_EQ(document.at("weeks").as_array()[0].at("records").as_int(), 90);
}

TEST_F(CollectionTest, EachBatchHasALaterTimeThanAnyBefore) {
  add("commit_000000000001.parquet", 1, 500);
  EXPECT_EQ(collection.next_stamp(100), 501);  // a clock that was set back
  EXPECT_EQ(collection.next_stamp(100), 502);
  EXPECT_EQ(collection.next_stamp(900), 900);
  EXPECT_EQ(collection.last_stamp_us(), 900);
}

TEST_F(CollectionTest, AStopOutlastsWhatBlocks) {
  EXPECT_TRUE(collection.health.usable());
  collection.health.block(Error{ErrorCode::Unavailable, "blocked", {}, {}, 0});
  EXPECT_EQ(collection.health.usable().error().message, "blocked");
  collection.health.stop(Error{ErrorCode::Unavailable, "stopped", {}, {}, 0});
  EXPECT_EQ(collection.health.usable().error().message, "stopped");
  collection.health.unblock();
  EXPECT_EQ(collection.health.usable().error().message, "stopped");
}

TEST_F(CollectionTest, RequestsOfACommitHaveItsNumber) {
  CollectionFile file;
  file.name = *parse_part_name("commit_000000000009.parquet");
  file.info.time_us = 5;
  file.info.requests = {{"k", 2, 0, 0, 5}};
  collection.take_over(file, {});
  EXPECT_EQ((*collection.requests.find("k"))->commit, 9U);
}

TEST(Conflicts, AreWhatComesInAnotherClassThanBefore) {
  Kinds before;
  before.member("a").seen = bit(Kind::Int);
  const std::vector<FirstSeen> firsts{
      {"a", bit(Kind::String), 4}, {"b", bit(Kind::String), 0}, {"a", bit(Kind::Int), 2}};
  const auto conflicts = conflicts_of_commit(9, firsts, before);
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].commit, 9U);
  EXPECT_EQ(conflicts[0].record, 4);
  EXPECT_EQ(conflicts[0].key, "a");
  EXPECT_FALSE(conflicts[0].old_type.empty());
  EXPECT_NE(conflicts[0].old_type, conflicts[0].new_type);
  // What was only ever null says nothing of a class.
  before.member("a").seen = bit(Kind::Null);
  EXPECT_TRUE(conflicts_of_commit(9, {{"a", bit(Kind::String), 0}}, before).empty());
}

}  // namespace
}  // namespace canvasback
