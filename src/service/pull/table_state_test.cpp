#include "service/pull/table_state.hpp"

#include <gtest/gtest.h>

#include <random>

namespace canvasback {
namespace {

PulledPart part_of(std::uint64_t number, std::string period, std::int64_t rows) {
  PulledPart part;
  part.number = number;
  part.period = std::move(period);
  part.rows = rows;
  return part;
}

PulledTable loaded(std::vector<PulledPart> parts) {
  PulledTable table;
  table.name = "orders";
  PullOutcome outcome;
  outcome.parts = std::move(parts);
  outcome.load.began_us = 100;
  outcome.load.server = "uuid";
  outcome.primary_key = {"id"};
  EXPECT_TRUE(apply_load(table, std::move(outcome), 1));
  take_load(table, PullSource{}, 1);
  return table;
}

TEST(TableStateTest, ALoadIsSeenWithItsFirstCycle) {
  PulledTable table;
  PullOutcome piece;
  piece.is_complete = false;
  piece.parts = {part_of(1, "2025-10", 5)};
  piece.load.place = {{"5"}, "5"};
  ASSERT_TRUE(apply_load(table, piece, 1));
  EXPECT_FALSE(table.is_loaded());
  EXPECT_EQ(table.rows(), 0);
  piece.parts = {part_of(2, "2025-11", 7)};
  piece.is_complete = true;
  piece.load.began_us = 100;
  ASSERT_TRUE(apply_load(table, piece, 2));
  EXPECT_FALSE(table.is_loaded());
  EXPECT_EQ(table.rows(), 0);
  EXPECT_TRUE(table.find_anywhere(1) != nullptr && table.find(1) == nullptr);
  const auto again = pulled_table_from_json(to_json(table));
  ASSERT_TRUE(again && again->load);
  EXPECT_TRUE(again->load->is_complete);
  take_load(table, PullSource{}, 3);
  EXPECT_TRUE(table.is_loaded());
  EXPECT_EQ(table.rows(), 12);
  EXPECT_EQ(table.cursor.snapshot_us, 100);
  EXPECT_FALSE(table.load);
}

TEST(TableStateTest, ALoadThatBeginsAgainLetsItsPartsGo) {
  PulledTable table;
  PullOutcome piece;
  piece.is_complete = false;
  piece.parts = {part_of(1, "all", 5)};
  ASSERT_TRUE(apply_load(table, piece, 1));
  piece.schema_change = "load";
  piece.parts = {part_of(2, "all", 6)};
  ASSERT_TRUE(apply_load(table, piece, 2));
  ASSERT_EQ(table.load->parts.size(), 1u);
  EXPECT_EQ(table.load->parts[0].number, 2u);
  ASSERT_EQ(table.gone.size(), 1u);
  EXPECT_EQ(table.gone[0].path, "all/part-000001.parquet");
}

TEST(TableStateTest, ACycleReplacesRowsAndDropsEmptyParts) {
  PulledTable table = loaded({part_of(1, "2025-10", 3), part_of(2, "2025-11", 2)});
  PullOutcome outcome;
  outcome.dead = {{1, {0, 1, 2}}, {2, {1}}};
  outcome.parts = {part_of(3, "recent", 3)};
  outcome.updated = 3;
  outcome.deleted = 1;
  ASSERT_TRUE(apply_cycle(table, outcome, 50));
  EXPECT_EQ(table.rows(), 4);
  EXPECT_EQ(table.find(1), nullptr);
  ASSERT_EQ(table.gone.size(), 1u);
  EXPECT_EQ(table.gone[0].since_us, 50);
}

TEST(TableStateTest, RefusesWhatDoesNotFit) {
  const PulledTable table = loaded({part_of(1, "2025-10", 3)});
  const auto refused = [&table](PullOutcome outcome) {
    PulledTable copy = table;
    return !apply_cycle(copy, std::move(outcome), 1);
  };
  PullOutcome unknown;
  unknown.dead = {{9, {0}}};
  unknown.deleted = 1;
  EXPECT_TRUE(refused(unknown));
  PullOutcome beyond;
  beyond.dead = {{1, {3}}};
  beyond.deleted = 1;
  EXPECT_TRUE(refused(beyond));
  PullOutcome wrong_count;
  wrong_count.dead = {{1, {0}}};
  EXPECT_TRUE(refused(wrong_count));
  PullOutcome wrong_number;
  wrong_number.parts = {part_of(7, "recent", 1)};
  wrong_number.inserted = 1;
  EXPECT_TRUE(refused(wrong_number));
  EXPECT_FALSE(refused({}));
}

TEST(TableStateTest, AMergeKeepsEveryRow) {
  PulledTable table = loaded({part_of(1, "recent", 4), part_of(2, "recent", 2)});
  table.parts[0].periods = {{"2025-10", 3}, {"2025-11", 1}};
  table.parts[1].periods = {{"2025-10", 2}};
  PullOutcome outcome;
  outcome.dead = {{1, {0, 1, 3}}, {2, {0, 1}}};
  outcome.parts = {part_of(3, "2025-10", 5)};
  ASSERT_TRUE(apply_merge(table, {"2025-10", {1, 2}}, outcome, 9));
  EXPECT_EQ(table.rows(), 6);
  EXPECT_EQ(table.find(2), nullptr);
  EXPECT_FALSE(table.find(1)->periods.contains("2025-10"));
  PullOutcome lost = outcome;
  lost.dead = {{1, {2}}};
  lost.parts = {};
  EXPECT_FALSE(apply_merge(table, {"2025-11", {1}}, lost, 9));
}

}  // namespace
}  // namespace canvasback
