// That these texts mean what they should is shown on the engine in tests/functional/test_dashboards.py.
#include "sql/metrics_time.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::int64_t kDayUs = 24 * kHourUs;

// An hour ahead of UTC, from the 100th day on two.
MetricsClock clock() {
  MetricsClock out;
  out.zone = "Europe/Berlin";
  out.steps = {{0, kHourUs}, {100 * kDayUs, 2 * kHourUs}};
  out.end_us = 200 * kDayUs;
  return out;
}

TEST(MetricsTime, ConvertsOnlyWhereItMust) {
  const MetricsClock berlin = clock();
  EXPECT_TRUE(converts(berlin, "TIMESTAMP"));
  EXPECT_TRUE(converts(berlin, "TIMESTAMP WITH TIME ZONE"));
  EXPECT_FALSE(converts(berlin, "DATE")) << "a day is a day";
  MetricsClock local = berlin;
  local.source_zone = "Europe/Berlin";
  EXPECT_FALSE(converts(local, "TIMESTAMP"));
  EXPECT_TRUE(converts(local, "TIMESTAMP WITH TIME ZONE"));
  MetricsClock utc;
  utc.zone = "Etc/UTC";
  EXPECT_FALSE(converts(utc, "TIMESTAMP"));
  EXPECT_FALSE(converts(utc, "TIMESTAMP WITH TIME ZONE"));
  EXPECT_EQ(bucket_sql(utc, {"t", "TIMESTAMP"}, Grain::Day), "CAST(CAST(t AS TIMESTAMP) AS DATE)");
}

TEST(MetricsTime, ComparesInstantsWhereTheOffsetIsTheSameForDays) {
  const MetricsClock berlin = clock();
  EXPECT_EQ(within_sql(berlin, {"t", "TIMESTAMP"}, {50, 60}),
            "(t >= make_timestamp(4316400000000) AND t < make_timestamp(5180400000000))");
  EXPECT_EQ(within_sql(berlin, {"t", "DATE"}, {50, 60}), "(t >= DATE '1970-02-20' AND t < DATE '1970-03-02')");
}

TEST(MetricsTime, ComparesLocalTimesNearAStepAndOutside) {
  const MetricsClock berlin = clock();
  for (const DayRange& days : {DayRange{100, 110}, DayRange{90, 99}, DayRange{300, 310}, DayRange{-10, 5}}) {
    const std::string sql = within_sql(berlin, {"t", "TIMESTAMP"}, days);
    EXPECT_NE(sql.find(" + (CASE WHEN "), std::string::npos) << sql;
    EXPECT_NE(sql.find("timezone('Europe/Berlin'"), std::string::npos) << "the engine converts what has no step";
  }
}

TEST(MetricsTime, LeavesOutTimesThatAreNone) {
  EXPECT_EQ(within_sql(MetricsClock(), {"t", "TIMESTAMP"}, {}), "(isfinite(t))");
  EXPECT_EQ(within_sql(MetricsClock(), {"t", "TIMESTAMP"}, {{}, 1}),
            "(t < make_timestamp(86400000000) AND isfinite(t))");
}

TEST(MetricsTime, BeginsWeeksAsTold) {
  MetricsClock utc;
  EXPECT_EQ(bucket_sql(utc, {"t", "DATE"}, Grain::Week),
            "CAST(date_trunc('week', CAST(CAST(t AS TIMESTAMP) AS DATE)) AS DATE)");
  utc.first_weekday = 7;
  EXPECT_EQ(bucket_sql(utc, {"t", "DATE"}, Grain::Week),
            "CAST(date_trunc('week', CAST(CAST(t AS TIMESTAMP) AS DATE) + 1) AS DATE) - 1");
  utc.first_weekday = 6;
  EXPECT_NE(bucket_sql(utc, {"t", "DATE"}, Grain::Week).find("+ 2) AS DATE) - 2"), std::string::npos);
}

}  // namespace
}  // namespace canvasback
