#include "storage/table/merge_plan.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

CollectionFile file_of(const std::string& name, std::int64_t rows = 10) {
  CollectionFile out;
  out.file.path = "/c/" + name;
  out.file.rows = rows;
  out.name = *parse_part_name(name);
  return out;
}

CollectionFile part(const std::string& name, const std::string& id,
                    std::vector<std::pair<std::uint64_t, std::uint64_t>> covers) {
  CollectionFile out = file_of(name);
  out.info.id = id;
  out.info.covers = std::move(covers);
  return out;
}

std::string names_of(const std::vector<CollectionFile>& files) {
  std::string out;
  for (const CollectionFile& file : files) out += (out.empty() ? "" : " ") + file_name(file.file.path);
  return out;
}

bool always(std::string_view) { return true; }

TEST(MergePlan, SaysWhichCommitsItCoversAndWhatItReplaces) {
  FileSet inputs;
  inputs.live = {part("data_2025_w02.parquet", "p1", {{1, 4}}), part("data_2025_w02_0001.parquet", "p2", {{5, 5}}),
                 file_of("commit_000000000008.parquet"),        file_of("commit_000000000007_1of2.parquet"),
                 file_of("commit_000000000007_2of2.parquet"),   file_of("commit_000000000012.parquet")};
  inputs.live[1].info.conflicts = {{5, 0, "a", "int", "text"}};
  const PartInfo info = merged_info(inputs, always, 77);
  EXPECT_EQ(info.time_us, 77);
  EXPECT_EQ(info.replaces, (std::vector<std::string>{"p1", "p2"}));
  EXPECT_EQ(info.covers, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 4}, {5, 5}, {7, 8}, {12, 12}}));
  ASSERT_EQ(info.conflicts.size(), 1U);
  EXPECT_EQ(info.conflicts[0].key, "a");
}

TEST(MergePlan, CarriesRequestsThatAreStillRemembered) {
  FileSet inputs;
  inputs.live = {file_of("commit_000000000003.parquet"), part("data_2025_w02.parquet", "p1", {{1, 2}})};
  inputs.live[0].info.requests = {{"new", 1, 0, 0, 5}, {"forgotten", 1, 0, 0, 5}};
  inputs.live[1].info.requests = {{"old", 1, 0, 2, 4}};
  const PartInfo info = merged_info(
      inputs, [](std::string_view key) { return key != "forgotten"; }, 0);
  ASSERT_EQ(info.requests.size(), 2U);
  EXPECT_EQ(info.requests[0].key, "new");
  EXPECT_EQ(info.requests[0].commit, 3U);  // a commit's own does not say its number
  EXPECT_EQ(info.requests[1].commit, 2U);
}

TEST(MergePlan, DeletionsGoOnceNoOlderVersionCanBeAnywhere) {
  std::vector<CollectionFile> inputs{file_of("commit_000000000001.parquet")};
  inputs[0].file.dead = {{0, 1}};
  inputs[0].info.deletes = {{{"id"}, {"a"}, 5}};
  std::vector<CollectionFile> live{inputs[0], file_of("commit_000000000002.parquet")};
  EXPECT_FALSE(must_keep_deletes(live, inputs, false, false));
  EXPECT_TRUE(must_keep_deletes(live, inputs, true, false));
  EXPECT_TRUE(must_keep_deletes(live, inputs, false, true));
  live[1].file.dead = {{3, 3}};
  EXPECT_TRUE(must_keep_deletes(live, inputs, false, false));
  EXPECT_EQ(deletes_of(inputs).size(), 1U);
}

TEST(MergePlan, PartsGetNamesThatNobodyHas) {
  MergedPart told{2025, 2, 12, 0, {7, 5}, {}};
  told.info.id = "new";
  std::set<std::string> taken{"data_2025_w02.parquet"};
  const CollectionFile first = part_of(told, "/c", taken);
  const CollectionFile second = part_of(told, "/c", taken);
  EXPECT_EQ(first.file.path, "/c/data_2025_w02_0001.parquet");
  EXPECT_EQ(second.file.path, "/c/data_2025_w02_0002.parquet");
  EXPECT_EQ(first.file.rows, 12);
  EXPECT_EQ(first.file.row_group_rows, (std::vector<std::int64_t>{7, 5}));
  EXPECT_EQ(first.info.id, "new");
  const MergeNote note =
      note_of("m", {file_of("commit_000000000001.parquet"), part("data_2025_w02.parquet", "p1", {})}, {first, second});
  EXPECT_EQ(note.id, "m");
  EXPECT_EQ(note.replaced, (std::vector<std::pair<std::string, std::string>>{{"data_2025_w02.parquet", "p1"}}));
  ASSERT_EQ(note.parts.size(), 2U);
  EXPECT_EQ(note.parts[1].first, "data_2025_w02_0002.parquet");
}

// After a crash the folder is read as select_files() says: what the plan made must count, and its inputs must not.
TEST(MergePlan, WhatItMadeIsWhatAFolderIsReadAs) {
  FileSet inputs;
  inputs.live = {part("data_2025_w02.parquet", "p1", {{1, 4}}), file_of("commit_000000000005.parquet")};
  CollectionFile made = part("data_2025_w02_0001.parquet", "p2", {});
  made.info = merged_info(inputs, always, 1);
  made.info.id = "p2";
  made.info.together = {"p2"};
  std::vector<CollectionFile> folder = inputs.live;
  folder.push_back(made);
  const FileSet read = select_files(folder, {});
  EXPECT_EQ(names_of(read.live), "data_2025_w02_0001.parquet");
  EXPECT_EQ(names_of(read.superseded), "data_2025_w02.parquet commit_000000000005.parquet");
}

TEST(MergePlan, PartsTakeThePlaceOfWhatIsStillThere) {
  std::vector<CollectionFile> inputs{file_of("commit_000000000001.parquet"), file_of("commit_000000000002.parquet")};
  // The second was moved away by hand meanwhile, and a third came.
  std::vector<CollectionFile> live{file_of("data_2025_w09.parquet"), inputs[0], file_of("commit_000000000003.parquet")};
  const Replaced out = replace_files(live, inputs, {file_of("data_2025_w02.parquet")});
  EXPECT_EQ(names_of(out.live), "data_2025_w02.parquet data_2025_w09.parquet commit_000000000003.parquet");
  EXPECT_EQ(names_of(out.gone), "commit_000000000001.parquet");
}

}  // namespace
}  // namespace canvasback
