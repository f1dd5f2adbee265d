#include "storage/table/pulled/pulled_merge_choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace canvasback {
namespace {

PulledPart part_of(std::uint64_t number, std::string period, std::int64_t rows) {
  PulledPart part;
  part.number = number;
  part.rows = rows;
  if (period == kRecent) part.periods = {{"2025-10", rows / 2}, {"2025-11", rows - rows / 2}};
  part.period = std::move(period);
  return part;
}

std::int64_t rows_of(const PulledTable& table, const PulledMerge& merge) {
  std::int64_t rows = 0;
  for (const std::uint64_t number : merge.inputs) {
    const PulledPart& part = *table.find(number);
    const auto of_period = part.periods.find(merge.period);
    rows += of_period == part.periods.end() ? part.live_rows() : of_period->second;
  }
  return rows;
}

TEST(PulledMergeChoiceTest, NothingWhereNothingIsWorthIt) {
  PulledTable table;
  for (std::uint64_t i = 1; i <= 3; ++i) table.parts.push_back(part_of(i, "2025-10", 200'000));
  for (std::uint64_t i = 4; i <= 12; ++i) table.parts.push_back(part_of(i, std::string(kRecent), 100));
  EXPECT_FALSE(choose_merge(table));
}

TEST(PulledMergeChoiceTest, NoMergeOfSeveralPartsHasMoreRowsThanAPart) {
  std::mt19937_64 random(5);
  const PulledMergeRules rules;
  for (int round = 0; round < 200; ++round) {
    PulledTable table;
    const std::uint64_t count = 1 + random() % 60;
    for (std::uint64_t i = 1; i <= count; ++i) {
      const std::string period = random() % 2 == 0 ? std::string(kRecent) : "2025-1" + std::to_string(random() % 3);
      table.parts.push_back(part_of(i, period, static_cast<std::int64_t>(1 + random() % 262'144)));
    }
    const auto merge = choose_merge(table);
    if (!merge || merge->inputs.size() == 1) continue;
    EXPECT_LE(rows_of(table, *merge), rules.part_rows_max);
  }
}

TEST(PulledMergeChoiceTest, MergesComeToAnEnd) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 50; ++round) {
    PulledTable table;
    for (std::uint64_t i = 1; i <= 80; ++i) {
      table.parts.push_back(
          part_of(i, i % 3 == 0 ? std::string(kRecent) : "2025-10", static_cast<std::int64_t>(1 + random() % 262'144)));
    }
    std::uint64_t number = 1'000;
    int merges = 0;
    while (const auto merge = choose_merge(table)) {
      ASSERT_LT(++merges, 1'000);
      PulledPart written = part_of(number++, merge->period, rows_of(table, *merge));
      for (const std::uint64_t input : merge->inputs) {
        PulledPart* part = table.find(input);
        const auto taken = part->periods.find(merge->period);
        const std::int64_t rows = taken == part->periods.end() ? part->live_rows() : taken->second;
        std::vector<std::int64_t> dead;
        for (std::int64_t row = part->dead.count(); std::ssize(dead) < rows; ++row) dead.push_back(row);
        part->dead.add(std::move(dead));
        part->periods.erase(merge->period);
      }
      std::erase_if(table.parts, [](const PulledPart& part) { return part.live_rows() == 0; });
      if (written.rows > 0) table.parts.push_back(std::move(written));
    }
  }
}

}  // namespace
}  // namespace canvasback
