#include "storage/table/pulled/pulled_table.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "storage/table/pulled/pulled_merge_choice.hpp"

namespace canvasback {
namespace {

PulledPart part_of(std::uint64_t number, std::string period, std::int64_t rows) {
  PulledPart part;
  part.number = number;
  part.period = std::move(period);
  part.rows = rows;
  part.bytes = 4;
  part.row_group_rows = {rows};
  part.least = std::string("\0\xff key", 6);
  part.greatest = "z";
  return part;
}

PulledTable table_of(std::vector<PulledPart> parts) {
  PulledTable table;
  table.name = "orders";
  table.version = 3;
  table.columns = {{"id", "int(11)", "INTEGER", false}, {"at", "datetime", "TIMESTAMP", true}};
  table.primary_key = {"id"};
  table.partition_by = "at";
  for (PulledPart& part : parts) table.next_number = std::max(table.next_number, part.number + 1);
  table.parts = std::move(parts);
  return table;
}

TEST(PulledTableTest, ComesBackFromItsJson) {
  PulledTable table = table_of({part_of(1, "2025-10", 10), part_of(2, "recent", 5)});
  table.parts[0].dead.add({1, 2, 7});
  table.parts[1].periods = {{"2025-10", 3}, {"none", 2}};
  table.cursor.sweep = {{"5", "'a'"}, std::string("\0\xff", 2)};
  table.cursor.loaded_us = 4;
  table.cursor.sweep_mark = table.cursor.swept_mark = "gtid 1-1-7";
  table.cursor.count_mark = table.cursor.counted_mark = "updated 2025-10-07 00:00:00";
  table.load = PullLoad{true, table.columns, {"id"},   {part_of(7, "2025-11", 4)}, {{"7"}, "7"}, 9,
                        8,    "uuid",        "digest", "2025-10-07 00:00:00"};
  table.gone.push_back({"2025-10/part-000009.parquet", "2025-10/part-000009.keys", 17});
  const std::string text = to_json(table).dump();
  const auto again = pulled_table_from_json(*Json::parse(text));
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json(*again).dump(), text);
  EXPECT_EQ(again->parts[0].least, table.parts[0].least);
  EXPECT_EQ(again->rows(), 12);
  EXPECT_TRUE(again->load->is_complete);
  EXPECT_EQ(again->cursor.swept_mark, "gtid 1-1-7");
  EXPECT_EQ(again->find(7), nullptr);
  ASSERT_NE(again->find_anywhere(7), nullptr);
}

TEST(PulledTableTest, RefusesImpossibleStates) {
  const Json good = to_json(table_of({part_of(1, "2025-10", 10)}));
  const auto with = [&good](const char* name, Json value) {
    Json changed = good;
    changed.set(name, std::move(value));
    return changed;
  };
  EXPECT_TRUE(pulled_table_from_json(good));
  EXPECT_FALSE(pulled_table_from_json(with("format", 2)));
  EXPECT_FALSE(pulled_table_from_json(with("next_number", 1)));
  PulledTable outside = table_of({part_of(1, "../x", 10)});
  EXPECT_FALSE(pulled_table_from_json(to_json(outside)));
  PulledTable too_dead = table_of({part_of(1, "2025-10", 10)});
  too_dead.parts[0].dead.add({10});
  EXPECT_FALSE(pulled_table_from_json(to_json(too_dead)));
}

TEST(PulledTableTest, TheDatasetIsWithoutDeadRows) {
  std::string folder = (std::filesystem::temp_directory_path() / "pulled-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  PulledTable table = table_of({part_of(1, "2025-10", 10), part_of(2, "2025-11", 5)});
  table.parts[0].dead.add({3});
  table.parts[1].dead.add({0, 1, 2, 3, 4});
  EXPECT_FALSE(dataset_of(table, folder));
  std::filesystem::create_directories(folder + "/2025-10");
  std::ofstream(folder + "/2025-10/part-000001.parquet") << "PAR1";
  const auto dataset = dataset_of(table, folder);
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->rows, 9);
  ASSERT_EQ(dataset->files.size(), 1u);
  EXPECT_TRUE(dataset->files[0].is_dead(3));
  EXPECT_FALSE(dataset->plain_scan);
  std::ofstream(folder + "/2025-10/part-000001.parquet", std::ios::app) << "x";
  EXPECT_FALSE(dataset_of(table, folder));
  std::filesystem::remove_all(folder);
}

TEST(PulledTableTest, KnowsNamesOfItsOwnFiles) {
  for (const char* name : {"part-000001.parquet", "part-000001.keys", ".writing-part-1234567.parquet"}) {
    EXPECT_TRUE(is_part_file_name(name)) << name;
  }
  for (const char* name : {"part-1.parquet", "part-000001.csv", "x.parquet", "part-000001.parquet.bak", ".writing-x"}) {
    EXPECT_FALSE(is_part_file_name(name)) << name;
  }
}

TEST(PulledMergeChoiceTest, MovesRowsThatAreWorthAPart) {
  PulledTable table = table_of({part_of(1, "recent", 40'000), part_of(2, "recent", 50'000), part_of(3, "2025-10", 9)});
  table.parts[0].periods = {{"2025-10", 30'000}, {"2025-09", 10'000}};
  EXPECT_FALSE(choose_merge(table));
  table.parts[1].periods = {{"2025-10", 50'000}};
  EXPECT_EQ(choose_merge(table), (PulledMerge{"2025-10", {1, 2}}));
}

TEST(PulledMergeChoiceTest, MergesPartsOfOneSizeAndPeriod) {
  PulledTable table = table_of({part_of(1, "2025-10", 70'000), part_of(2, "2025-10", 80'000),
                                part_of(3, "2025-10", 90'000), part_of(4, "2025-09", 90'000)});
  EXPECT_FALSE(choose_merge(table));
  table.parts.push_back(part_of(5, "2025-10", 100'000));
  EXPECT_EQ(choose_merge(table), (PulledMerge{"2025-10", {1, 2, 3, 5}}));
}

TEST(PulledMergeChoiceTest, WritesWornPartsAnewAndGathersSmallChanges) {
  PulledTable table = table_of({part_of(1, "2025-10", 900'000)});
  std::vector<std::int64_t> rows(89'999);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
  table.parts[0].dead.add(rows);
  EXPECT_FALSE(choose_merge(table));
  table.parts[0].dead.add({500'000});
  EXPECT_EQ(choose_merge(table), (PulledMerge{"2025-10", {1}}));
  table = table_of({});
  for (std::uint64_t i = 1; i <= 16; ++i) {
    EXPECT_FALSE(choose_merge(table));
    table.parts.push_back(part_of(i, "recent", 10));
  }
  EXPECT_EQ(choose_merge(table)->inputs.size(), 16u);
}

}  // namespace
}  // namespace canvasback
