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

CollectionFile unreadable(CollectionFile file, bool knows_itself = false) {
  file.trouble = "Permission denied";
  if (!knows_itself) file.info = PartInfo();
  return file;
}

MergeNote note_of(const std::vector<CollectionFile>& parts, const std::vector<CollectionFile>& replaced = {}) {
  MergeNote note;
  note.id = "m";
  for (const CollectionFile& file : parts) note.parts.emplace_back(file.file.path.substr(3), file.info);
  for (const CollectionFile& file : replaced) note.replaced.emplace_back(file.file.path.substr(3), file.info.id);
  return note;
}

TEST(UnreadableFiles, BlockWhereTheyWouldCount) {
  const FileSet files = select_files({commit(1), unreadable(commit(2)), commit(3)}, {});
  EXPECT_EQ(names_of(files.blocking), commit_file_name(2, 1, 1));
  EXPECT_EQ(names_of(files.live), commit_file_name(1, 1, 1) + " " + commit_file_name(3, 1, 1));
  EXPECT_EQ(files.last_commit, 3U);
  const FileSet last = select_files({commit(1), unreadable(commit(2))}, {});
  EXPECT_EQ(last.last_commit, 2U) << "numbers come from names";
  const FileSet part_only = select_files({unreadable(part(kWeek43, "a", {{1, 2}}, {"a"}))}, {});
  EXPECT_EQ(names_of(part_only.blocking), kWeek43);
  const FileSet archived = select_files({commit(3)}, {unreadable(part(kWeek43, "a", {{1, 2}}, {"a"}))});
  EXPECT_EQ(names_of(archived.blocking), kWeek43);
}

TEST(UnreadableFiles, CommitsThatDoNotCountDoNotBlock) {
  const auto week43 = part(kWeek43, "a", {{1, 2}}, {"a"});
  const FileSet covered = select_files({commit(1), unreadable(commit(2)), week43}, {});
  EXPECT_TRUE(covered.blocking.empty());
  EXPECT_EQ(names_of(covered.live), kWeek43);
  EXPECT_EQ(names_of(covered.superseded), commit_file_name(1, 1, 1) + " " + commit_file_name(2, 1, 1));
  const FileSet half = select_files({unreadable(commit(1, 1, 2))}, {});
  EXPECT_TRUE(half.blocking.empty());
  EXPECT_EQ(names_of(half.unfinished), commit_file_name(1, 1, 2));
  // One file of a commit is there by name: the commit is whole, and a file of it cannot be read.
  const FileSet whole = select_files({commit(1, 1, 2), unreadable(commit(1, 2, 2))}, {});
  EXPECT_EQ(names_of(whole.blocking), commit_file_name(1, 2, 2));
}

TEST(UnreadableFiles, ACommitThatIsCoveredOnlyByAPartThatCannotBeReadCounts) {
  const auto week43 = part(kWeek43, "a", {{1, 2}}, {"a"});
  const FileSet files = select_files({commit(2), unreadable(week43)}, {});
  EXPECT_EQ(names_of(files.blocking), kWeek43);
  EXPECT_TRUE(files.superseded.empty());
}

TEST(UnreadableFiles, APartWhoseSourcesAreAllThereIsSpare) {
  const auto week43 = part(kWeek43, "a", {{1, 2}}, {"a", "b"});
  const auto week44 = part(kWeek44, "b", {{1, 2}}, {"a", "b"});
  const FolderNotes notes{{note_of({week43, week44})}};
  const FileSet files = select_files({commit(1), commit(2), unreadable(week43), week44}, {}, notes);
  EXPECT_TRUE(files.blocking.empty());
  EXPECT_EQ(names_of(files.spare), kWeek43);
  EXPECT_EQ(names_of(files.unfinished), kWeek44);
  EXPECT_EQ(names_of(files.live), commit_file_name(1, 1, 1) + " " + commit_file_name(2, 1, 1));
  // Without the note nobody knows what it was made of.
  EXPECT_EQ(names_of(select_files({commit(1), commit(2), unreadable(week43), week44}, {}).blocking), kWeek43);
  // A source is gone, or cannot be read either.
  EXPECT_EQ(names_of(select_files({commit(2), unreadable(week43), week44}, {}, notes).blocking), kWeek43);
  const FileSet both = select_files({commit(1), unreadable(commit(2)), unreadable(week43), week44}, {}, notes);
  EXPECT_EQ(names_of(both.blocking), kWeek43);
  // Its sibling went to the archive, or was merged further: it is not as if the merge had never been.
  EXPECT_EQ(names_of(select_files({commit(1), commit(2), unreadable(week43)}, {week44}, notes).blocking), kWeek43);
  const auto further = part("data_2025_w44_0001.parquet", "c", {{1, 2}}, {"c"}, {"b"});
  const FileSet merged = select_files({commit(1), commit(2), unreadable(week43), week44, further}, {}, notes);
  EXPECT_EQ(names_of(merged.blocking), kWeek43);
}

TEST(UnreadableFiles, APartThatWasReplacedDoesNotBlock) {
  const auto old = part(kWeek43, "a", {{1, 2}}, {"a"});
  const auto merged = part("data_2025_w43_0001.parquet", "c", {{1, 2}}, {"c"}, {"a"});
  const FileSet files = select_files({unreadable(old), merged}, {}, {{note_of({merged}, {old})}});
  EXPECT_TRUE(files.blocking.empty());
  EXPECT_EQ(names_of(files.superseded), kWeek43);
  EXPECT_EQ(names_of(files.live), "data_2025_w43_0001.parquet");
}

TEST(UnreadableFiles, ACopyOfAFileThatCanBeReadIsSpare) {
  const auto whole = part(kWeek43, "a", {{1, 2}}, {"a"});
  const auto copy = unreadable(part("data_2025_w43_0007.parquet", "a", {{1, 2}}, {"a"}));
  const FileSet files = select_files({whole, copy}, {}, {{note_of({part("data_2025_w43_0007.parquet", "a", {}, {})})}});
  EXPECT_TRUE(files.blocking.empty());
  EXPECT_EQ(names_of(files.spare), "data_2025_w43_0007.parquet");
  const FileSet archived = select_files({}, {whole, copy}, {{note_of({copy})}});
  EXPECT_EQ(names_of(archived.blocking), "data_2025_w43_0007.parquet") << "nothing tells that it is a copy";
}

TEST(UnreadableFiles, AfterAPowerCutCommitsThatWereNotSyncedDoNotBlock) {
  FolderNotes notes;
  notes.synced_up_to = 2;
  const FileSet torn = select_files({commit(1), commit(2), unreadable(commit(3))}, {}, notes);
  EXPECT_TRUE(torn.blocking.empty());
  EXPECT_EQ(names_of(torn.spare), commit_file_name(3, 1, 1));
  const FileSet synced = select_files({commit(1), unreadable(commit(2)), commit(3)}, {}, notes);
  EXPECT_EQ(names_of(synced.blocking), commit_file_name(2, 1, 1));
}

TEST(FolderNotes, AreReadBackAndADamagedOneIsNone) {
  const NumberNote numbers{12, 7};
  const std::string text = text_of(numbers);
  ASSERT_TRUE(number_note_from(text));
  EXPECT_EQ(number_note_from(text)->used_up_to, 12U);
  EXPECT_EQ(number_note_from(text)->synced_up_to, 7U);
  EXPECT_FALSE(number_note_from(text_of(NumberNote{12}))->synced_up_to);
  const auto merged = part(kWeek43, "a", {{1, 2}, {5, 5}}, {"a", "b"}, {"x"});
  const std::string told = text_of(note_of({merged}, {part(kWeek44, "x", {}, {})}));
  const auto note = merge_note_from(told);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->id, "m");
  EXPECT_EQ(note->parts.at(0).first, kWeek43);
  EXPECT_EQ(note->parts.at(0).second.covers, merged.info.covers);
  EXPECT_EQ(note->parts.at(0).second.together, merged.info.together);
  EXPECT_EQ(note->replaced.at(0), (std::pair<std::string, std::string>(kWeek44, "x")));
  for (const std::string& whole : {text, told}) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 4);
      EXPECT_FALSE(number_note_from(damaged)) << i;
      EXPECT_FALSE(merge_note_from(damaged)) << i;
      EXPECT_FALSE(merge_note_from(whole.substr(0, i))) << i;
    }
  }
}

}  // namespace
}  // namespace canvasback
