#include "query/narrowing.hpp"

#include <gtest/gtest.h>

#include "base/iso_week.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kDayUs = std::int64_t{86'400} * 1'000'000;
constexpr std::int64_t kMonday2025W40 = std::int64_t{1'759'104'000} * 1'000'000;  // 2025-09-29

Dataset collection() {
  Dataset out;
  out.name = "c";
  out.columns.push_back({"x", "BIGINT", {}, {}, {}});
  for (const char* name :
       {"data_2025_w39.parquet", "data_2025_w40.parquet", "data_2025_w40_0001.parquet", "data_2025_w41.parquet",
        "data_2026_w01.parquet", "commit_000000000007.parquet", "by_hand.parquet"}) {
    DataFile file;
    file.path = std::string("/c/") + name;
    file.rows = 100;
    out.files.push_back(std::move(file));
  }
  return out;
}

std::string names_of(const Dataset& dataset) {
  std::string out;
  for (const DataFile& file : dataset.files)
    out += (out.empty() ? "" : " ") + file.path.substr(3, file.path.size() - 11);
  return out;
}

TEST(Narrowing, PartsOfOtherWeeksAreLeftOut) {
  Narrowing wanted;
  EXPECT_TRUE(wanted.empty());
  wanted.first_week = week_number_of(IsoWeek{2025, 40});
  wanted.last_week = week_number_of(IsoWeek{2025, 41});
  EXPECT_EQ(names_of(only_weeks(collection(), wanted)),
            "data_2025_w40 data_2025_w40_0001 data_2025_w41 commit_000000000007 by_hand");
  wanted.first_week = std::numeric_limits<std::int64_t>::min();
  EXPECT_TRUE(is_of_weeks(collection().files[0], wanted));
  EXPECT_FALSE(is_of_weeks(collection().files[4], wanted));
}

TEST(Narrowing, TheFirstRecordsLieInTheFirstWholeWeeks) {
  Dataset dataset = collection();
  const auto week = [](int year, int number) { return week_number_of(IsoWeek{year, number}); };
  // Of week 39, in which the range begins, no record may be in it.
  const std::int64_t from_us = kMonday2025W40 - kDayUs;
  EXPECT_EQ(last_week_of_first(dataset, from_us, 1), week(2025, 40));
  EXPECT_EQ(last_week_of_first(dataset, from_us, 200), week(2025, 40));
  EXPECT_EQ(last_week_of_first(dataset, from_us, 201), week(2025, 41));
  EXPECT_EQ(last_week_of_first(dataset, from_us, 301), week(2026, 1));
  EXPECT_EQ(last_week_of_first(dataset, from_us, 401), std::numeric_limits<std::int64_t>::max());
  dataset.files[1].dead = {{0, 99}};
  EXPECT_EQ(last_week_of_first(dataset, from_us, 200), week(2025, 41)) << "dead rows are none";
}

TEST(Narrowing, SurvivesItsJson) {
  Narrowing wanted;
  wanted.collection = "c";
  wanted.last_week = 7;
  wanted.keys = {{"id", "a\"b"}, {"n", "5"}};
  const Narrowing back = narrowing_from_json(*Json::parse(to_json(wanted).dump()));
  EXPECT_EQ(back.collection, "c");
  EXPECT_EQ(back.first_week, wanted.first_week);
  EXPECT_EQ(back.last_week, 7);
  EXPECT_EQ(back.keys, wanted.keys);
  EXPECT_TRUE(narrowing_from_json(Json()).empty());
}

}  // namespace
}  // namespace canvasback
