// Which files count, after every way a crash may have left a folder.
#include "storage/table/file_set.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

CollectionFile commit(std::uint64_t number, int index = 1, int count = 1) {
  CollectionFile file;
  const std::string name = commit_file_name(number, index, count);
  file.file.path = "/c/" + name;
  file.file.rows = 10;
  file.name = *parse_part_name(name);
  return file;
}

CollectionFile part(const std::string& name, const std::string& id,
                    std::vector<std::pair<std::uint64_t, std::uint64_t>> covers, std::vector<std::string> together,
                    std::vector<std::string> replaces = {}) {
  CollectionFile file;
  file.file.path = "/c/" + name;
  file.file.rows = 100;
  file.name = *parse_part_name(name);
  file.info.id = id;
  file.info.covers = std::move(covers);
  file.info.together = std::move(together);
  file.info.replaces = std::move(replaces);
  return file;
}

std::string names_of(const std::vector<CollectionFile>& files) {
  std::string out;
  for (const CollectionFile& file : files) out += (out.empty() ? "" : " ") + file.file.path.substr(3);
  return out;
}

const std::string kWeek43 = "data_2025_w43.parquet";
const std::string kWeek44 = "data_2025_w44.parquet";

TEST(FileSet, NamesAreReadBack) {
  for (const std::string& name : {commit_file_name(12, 1, 1), commit_file_name(7, 2, 3), week_file_name(2025, 1, 0),
                                  week_file_name(2025, 53, 12)}) {
    const auto parsed = parse_part_name(name);
    ASSERT_TRUE(parsed) << name;
    EXPECT_EQ(parsed->is_commit ? commit_file_name(parsed->commit, parsed->index, parsed->count)
                                : week_file_name(parsed->year, parsed->week, parsed->serial),
              name);
  }
  for (const char* name : {"commit_.parquet", "commit_0.parquet", "commit_1_2of1.parquet", "commit_1.parquet.tmp",
                           "data_2025_w54.parquet", "data_2025_w00.parquet", "data_2025.parquet", "x.parquet",
                           "data_2025_w43_.parquet", "commit_-1.parquet", ".writing-1.tmp"}) {
    EXPECT_FALSE(parse_part_name(name)) << name;
  }
}

TEST(FileSet, CommitsCountUntilAPartCoversThem) {
  const FileSet before = select_files({commit(2), commit(1)}, {});
  EXPECT_EQ(names_of(before.live), "commit_000000000001.parquet commit_000000000002.parquet");
  EXPECT_EQ(before.last_commit, 2U);
  const FileSet after = select_files({commit(1), commit(2), commit(3), part(kWeek43, "a", {{1, 2}}, {"a"})}, {});
  EXPECT_EQ(names_of(after.live), kWeek43 + " commit_000000000003.parquet");
  EXPECT_EQ(names_of(after.superseded), "commit_000000000001.parquet commit_000000000002.parquet");
}

TEST(FileSet, ACommitOfSeveralFilesCountsWhole) {
  const FileSet half = select_files({commit(1, 1, 2), commit(2, 1, 2), commit(2, 2, 2)}, {});
  EXPECT_EQ(names_of(half.live), "commit_000000000002_1of2.parquet commit_000000000002_2of2.parquet");
  EXPECT_EQ(names_of(half.unfinished), "commit_000000000001_1of2.parquet");
  EXPECT_EQ(half.last_commit, 2U);
}

TEST(FileSet, PartsOfAMergeCountTogether) {
  const auto week43 = part(kWeek43, "a", {{1, 2}}, {"a", "b"});
  const auto week44 = part(kWeek44, "b", {{1, 2}}, {"a", "b"});
  // Cut off between the two names: the commits count, the part goes.
  const FileSet cut = select_files({commit(1), commit(2), week43}, {});
  EXPECT_EQ(names_of(cut.live), "commit_000000000001.parquet commit_000000000002.parquet");
  EXPECT_EQ(names_of(cut.unfinished), kWeek43);
  const FileSet ended = select_files({commit(1), commit(2), week43, week44}, {});
  EXPECT_EQ(names_of(ended.live), kWeek43 + " " + kWeek44);
  // The commits are being removed: one of them is gone, so the merge had ended.
  const FileSet removing = select_files({commit(2), week43}, {});
  EXPECT_EQ(names_of(removing.live), kWeek43);
  EXPECT_EQ(names_of(removing.superseded), "commit_000000000002.parquet");
  // A week that was moved to the archive before they were removed.
  const FileSet archived = select_files({commit(1), commit(2), week44}, {week43});
  EXPECT_EQ(names_of(archived.live), kWeek44);
  EXPECT_EQ(names_of(archived.superseded), "commit_000000000001.parquet commit_000000000002.parquet");
}

TEST(FileSet, APartOfPartsReplacesThem) {
  const auto old = part(kWeek43, "a", {{1, 2}}, {"a", "b"});
  const auto other = part(kWeek44, "b", {{1, 2}}, {"a", "b"});
  const auto merged = part("data_2025_w43_0001.parquet", "c", {{1, 2}}, {"c"}, {"a"});
  const FileSet both = select_files({old, other, merged}, {});
  EXPECT_EQ(names_of(both.live), "data_2025_w43_0001.parquet " + kWeek44);
  EXPECT_EQ(names_of(both.superseded), kWeek43);
  // Later: the old one is gone, and it still counts as having been there.
  const FileSet later = select_files({commit(1), commit(2), other, merged}, {});
  EXPECT_EQ(names_of(later.live), "data_2025_w43_0001.parquet " + kWeek44);
}

TEST(FileSet, WhatWasReplacedGoesBeforeWhatReplacedIt) {
  // By name the last of the chain comes first.
  const std::vector<CollectionFile> superseded{
      part("data_2025_w43.parquet", "c", {{1, 3}}, {"c"}, {"b"}),
      part("data_2025_w43_0001.parquet", "b", {{1, 2}}, {"b"}, {"a"}),
      part("data_2025_w43_0002.parquet", "a", {{1, 1}}, {"a"}),
      part("data_2025_w44.parquet", "x", {{7, 7}}, {"x"}),
      commit(1),
      commit(9),
  };
  const std::vector<std::vector<std::string>> expected{
      {"/c/data_2025_w44.parquet", "/c/" + commit_file_name(1, 1, 1), "/c/" + commit_file_name(9, 1, 1)},
      {"/c/data_2025_w43_0002.parquet"},
      {"/c/data_2025_w43_0001.parquet"},
      {"/c/data_2025_w43.parquet"},
  };
  EXPECT_EQ(removal_order(superseded), expected);
}

TEST(FileSet, FilesThatReplaceEachOtherHaveAnOrderToo) {
  const auto order = removal_order({part(kWeek43, "a", {}, {"a"}, {"b"}), part(kWeek44, "b", {}, {"b"}, {"a"})});
  std::size_t count = 0;
  for (const auto& paths : order) count += paths.size();
  EXPECT_EQ(count, 2U);
}

TEST(FileSet, ACopyOfAFileCountsOnce) {
  const FileSet files =
      select_files({part(kWeek43, "a", {{1, 1}}, {"a"}), part("data_2025_w43_0001.parquet", "a", {{1, 1}}, {"a"})}, {});
  EXPECT_EQ(names_of(files.live), kWeek43);
  EXPECT_EQ(files.last_commit, 1U);
}

TEST(FileSet, InfoSurvivesItsText) {
  PartInfo info;
  info.kinds.member("x").seen = bit(Kind::Int) | bit(Kind::List);
  info.kinds.member("x").items = std::make_unique<Kinds>();
  info.kinds.member("x").items->seen = bit(Kind::String);
  info.records = 5;
  info.requests.push_back({"key", 5, 1, 9, 77});
  info.firsts.push_back({"x", bit(Kind::Int), 3});
  info.conflicts.push_back({9, 3, "x", "integer", "array"});
  info.id = "a";
  info.covers.emplace_back(1, 9);
  info.together = {"a", "b"};
  info.replaces = {"z"};
  const std::string text = to_json(info).dump();
  const PartInfo back = part_info_from_json(*Json::parse(text));
  EXPECT_EQ(to_json(back).dump(), text);
  EXPECT_TRUE(back.kinds == info.kinds);
}

Kinds record_of(std::string_view key, std::uint32_t seen) {
  Kinds out;
  out.member(key).seen = seen;
  return out;
}

TEST(CollectionDataset, AFileOfAllColumnsIsReadAsItIs) {
  FileSet files;
  for (std::uint64_t number : {1, 2}) {
    files.live.push_back(commit(number));
    files.live.back().info.kinds = record_of("x", bit(Kind::Int));
  }
  const Dataset same = dataset_of("c", files, "1");
  EXPECT_TRUE(!same.file_kinds && same.plain_scan);
  EXPECT_EQ(same.rows, 20);
  files.live.back().info.kinds = record_of("y", bit(Kind::String));
  const Dataset mixed = dataset_of("c", files, "2");
  ASSERT_TRUE(mixed.file_kinds);
  EXPECT_TRUE(mixed.file_kinds->all == kinds_of(files));
  ASSERT_EQ(mixed.file_kinds->shapes.size(), 2U);
  EXPECT_TRUE(mixed.file_kinds->shapes[0] == record_of("x", bit(Kind::Int)));
  EXPECT_TRUE(mixed.file_kinds->shapes[1] == record_of("y", bit(Kind::String)));
  EXPECT_EQ(mixed.files[0].shape, 0);
  EXPECT_EQ(mixed.files[1].shape, 1);
  EXPECT_FALSE(mixed.plain_scan);
  EXPECT_EQ(dataset_of("c", {}, "3").columns.size(), 2U);
}

TEST(CollectionDataset, ASiblingGivesWayToAKey) {
  Kinds all = record_of("x", bit(Kind::Int) | bit(Kind::String));
  all.member("x__string").seen = bit(Kind::Bool);
  const auto columns = columns_of_members(all);
  ASSERT_EQ(columns.size(), 3U);
  EXPECT_EQ(columns[1].name, "x__string_");
  EXPECT_EQ(columns[2].name, "x__string");
}

}  // namespace
}  // namespace canvasback
