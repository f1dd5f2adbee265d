#include "storage/table/pulled/period.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

TEST(PeriodTest, NamesTheTimeThatItHolds) {
  const std::int64_t time_us = 1'759'881'599'999'999;  // 2025-10-07 23:59:59.999999
  EXPECT_EQ(period_of(time_us, PeriodLength::Day).name, "2025-10-07");
  EXPECT_EQ(period_of(time_us + 1, PeriodLength::Day).name, "2025-10-08");
  EXPECT_EQ(period_of(time_us, PeriodLength::Week).name, "2025-W41");
  EXPECT_EQ(period_of(time_us, PeriodLength::Month).name, "2025-10");
  EXPECT_EQ(period_of(time_us, PeriodLength::Year).name, "2025");
}

TEST(PeriodTest, BeforeTheEpochCountsBackwards) {
  EXPECT_EQ(period_of(-1, PeriodLength::Day).name, "1969-12-31");
  EXPECT_EQ(period_of(-1, PeriodLength::Year).name, "1969");
  EXPECT_EQ(period_of(-kDayUs, PeriodLength::Day).name, "1969-12-31");
}

TEST(PeriodTest, EveryTimeLiesInItsPeriodAndNamesComeBack) {
  for (std::int64_t day = -800'000; day < 3'000'000; day += 997) {
    for (const auto length : {PeriodLength::Day, PeriodLength::Week, PeriodLength::Month, PeriodLength::Year}) {
      if (length == PeriodLength::Week && day < 0) continue;  // ISO weeks are named from the year 0001 on
      const std::int64_t time_us = day * kDayUs / 2 + 17;
      const Period period = period_of(time_us, length);
      ASSERT_TRUE(period.contains(time_us)) << period.name;
      ASSERT_FALSE(period.contains(period.begin_us - 1));
      ASSERT_FALSE(period.contains(period.end_us));
      const auto parsed = parse_period(period.name, length);
      ASSERT_TRUE(parsed) << period.name;
      ASSERT_EQ(*parsed, period);
    }
  }
}

TEST(PeriodTest, NothingElseIsAName) {
  for (const char* name : {"", "2025-13", "2025-00", "2025-1", "2025-10-07", "none", "../etc", "2025-10 ", "-025-10"}) {
    EXPECT_FALSE(parse_period(name, PeriodLength::Month)) << name;
  }
  EXPECT_FALSE(parse_period("2025-02-29", PeriodLength::Day));
  EXPECT_FALSE(parse_period("2025-W54", PeriodLength::Week));
}

}  // namespace
}  // namespace canvasback
