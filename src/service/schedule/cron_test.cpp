#include "service/schedule/cron.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kStart = 1'759'838'707 * kSecondUs;  // Tuesday 2025-10-07 12:05:07

std::string next(const char* text, std::int64_t from_us = kStart) {
  const auto cron = CronExpression::parse(text);
  if (!cron) return cron.error().message;
  const auto at = cron->next_after(from_us);
  return at ? iso_time(*at).substr(0, 16) : at.error().message;
}

TEST(CronTest, FindsTheNextMinute) {
  EXPECT_EQ(next("* * * * *"), "2025-10-07T12:06");
  EXPECT_EQ(next("*/5 * * * *"), "2025-10-07T12:10");
  EXPECT_EQ(next("5 12 * * *"), "2025-10-08T12:05");
  EXPECT_EQ(next("0 0 * * *"), "2025-10-08T00:00");
  EXPECT_EQ(next("30 2 1 * *"), "2025-11-01T02:30");
  EXPECT_EQ(next("0 9-17/4 * * mon-fri"), "2025-10-07T13:00");
  EXPECT_EQ(next("0 0 * jan sun"), "2026-01-04T00:00");
  EXPECT_EQ(next("0 0 * * 7"), "2025-10-12T00:00");
  EXPECT_EQ(next("0,30 0 29 2 *"), "2028-02-29T00:00");
  EXPECT_EQ(next("@hourly"), "2025-10-07T13:00");
  EXPECT_EQ(next("10/20 * * * *"), "2025-10-07T12:10");
}

TEST(CronTest, EitherDayCountsWhereBothAreTold) {
  EXPECT_EQ(next("0 0 13 * fri"), "2025-10-10T00:00");
  EXPECT_EQ(next("0 0 8 * fri"), "2025-10-08T00:00");
}

TEST(CronTest, AlwaysLaterThanAsked) {
  const auto cron = CronExpression::parse("7,11,59 */3 * * *");
  ASSERT_TRUE(cron);
  std::int64_t time = kStart;
  for (int i = 0; i < 200; ++i) {
    const std::int64_t later = cron->next_after(time).value();
    ASSERT_GT(later, time);
    ASSERT_LE(later - time, 3 * 3600 * kSecondUs);
    time = later;
  }
}

TEST(CronTest, SaysWhatIsWrong) {
  EXPECT_NE(next("* * * *").find("five fields"), std::string::npos);
  EXPECT_NE(next("60 * * * *").find("minute"), std::string::npos);
  EXPECT_NE(next("* 5-3 * * *").find("hour"), std::string::npos);
  EXPECT_NE(next("* * 0 * *").find("day of the month"), std::string::npos);
  EXPECT_NE(next("* * * foo *").find("month"), std::string::npos);
  EXPECT_NE(next("*/0 * * * *").find("minute"), std::string::npos);
  EXPECT_NE(next("0 0 30 2 *").find("No day"), std::string::npos);
}

}  // namespace
}  // namespace canvasback
