#include "query/period.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

std::int64_t day(std::string_view text) { return parse_day(text).value(); }

std::string texts_of(const DayRange& days) { return to_json(days).dump(); }

DayRange days_of(const char* text, std::string_view last, int first_weekday = 1) {
  return canvasback::days_of(period_from_json(Json(text)).value(), day(last), first_weekday);
}

std::string compared(const Json& json, std::string_view last, Comparison comparison = Comparison::PreviousPeriod) {
  const PeriodWish wish = period_from_json(json).value();
  const auto days = compared_days(wish, canvasback::days_of(wish, day(last), 1), comparison);
  return days ? texts_of(*days) : "nothing";
}

TEST(Period, EndsWithTheLastDay) {
  EXPECT_EQ(texts_of(days_of("last_30_days", "2025-03-01")), R"({"from":"2025-01-31","to":"2025-03-02"})");
  EXPECT_EQ(texts_of(days_of("last_1_days", "2025-03-01")), R"({"from":"2025-03-01","to":"2025-03-02"})");
  EXPECT_EQ(texts_of(days_of("last_2_weeks", "2025-03-01")), R"({"from":"2025-02-16","to":"2025-03-02"})");
  EXPECT_EQ(texts_of(days_of("last_12_months", "2025-12-31")), R"({"from":"2025-01-01","to":"2026-01-01"})");
  EXPECT_EQ(texts_of(days_of("last_3_years", "2024-02-28")), R"({"from":"2021-02-28","to":"2024-02-29"})");
  EXPECT_EQ(texts_of(days_of("today", "2025-03-01")), R"({"from":"2025-03-01","to":"2025-03-02"})");
  EXPECT_EQ(texts_of(days_of("yesterday", "2025-03-01")), R"({"from":"2025-02-28","to":"2025-03-01"})");
  EXPECT_EQ(texts_of(days_of("all", "2025-03-01")), R"({"from":null,"to":null})");
}

TEST(Period, HasCalendarUnits) {
  // A Saturday.
  EXPECT_EQ(texts_of(days_of("this_week", "2025-03-01")), R"({"from":"2025-02-24","to":"2025-03-02"})");
  EXPECT_EQ(texts_of(days_of("this_week", "2025-03-01", 7)), R"({"from":"2025-02-23","to":"2025-03-02"})");
  EXPECT_EQ(texts_of(days_of("this_week", "2025-03-01", 6)), R"({"from":"2025-03-01","to":"2025-03-02"})");
  EXPECT_EQ(texts_of(days_of("last_week", "2025-03-01")), R"({"from":"2025-02-17","to":"2025-02-24"})");
  EXPECT_EQ(texts_of(days_of("this_month", "2025-03-31")), R"({"from":"2025-03-01","to":"2025-04-01"})");
  EXPECT_EQ(texts_of(days_of("last_month", "2025-03-31")), R"({"from":"2025-02-01","to":"2025-03-01"})");
  EXPECT_EQ(texts_of(days_of("this_quarter", "2025-06-30")), R"({"from":"2025-04-01","to":"2025-07-01"})");
  EXPECT_EQ(texts_of(days_of("last_quarter", "2025-01-01")), R"({"from":"2024-10-01","to":"2025-01-01"})");
  EXPECT_EQ(texts_of(days_of("last_year", "2025-01-01")), R"({"from":"2024-01-01","to":"2025-01-01"})");
}

TEST(Period, IsComparedWithTheOneBefore) {
  EXPECT_EQ(compared("last_30_days", "2025-03-01"), R"({"from":"2025-01-01","to":"2025-01-31"})");
  EXPECT_EQ(compared("last_month", "2025-03-31"), R"({"from":"2025-01-01","to":"2025-02-01"})");
  // Twenty days of this month with twenty of the last one; thirty-one with all that February has.
  EXPECT_EQ(compared("this_month", "2025-03-20"), R"({"from":"2025-02-01","to":"2025-02-21"})");
  EXPECT_EQ(compared("this_month", "2025-03-31"), R"({"from":"2025-02-01","to":"2025-03-01"})");
  EXPECT_EQ(compared("last_12_months", "2025-12-31"), R"({"from":"2024-01-01","to":"2025-01-01"})");
  EXPECT_EQ(compared("all", "2025-03-01"), "nothing");
  const Json quarter = Json::parse(R"({"from":"2025-01-01","to":"2025-04-01"})").value();
  EXPECT_EQ(compared(quarter, "2025-03-01"), R"({"from":"2024-10-01","to":"2025-01-01"})");
  const Json days = Json::parse(R"({"from":"2025-01-01","to":"2025-01-11"})").value();
  EXPECT_EQ(compared(days, "2025-03-01"), R"({"from":"2024-12-22","to":"2025-01-01"})");
  const Json open = Json::parse(R"({"from":"2025-01-01"})").value();
  EXPECT_EQ(compared(open, "2025-03-01"), "nothing");
}

TEST(Period, IsComparedWithTheYearBefore) {
  const Json leap = Json::parse(R"({"from":"2024-02-29","to":"2024-03-01"})").value();
  EXPECT_EQ(compared(leap, "2025-03-01", Comparison::YearBefore), R"({"from":"2023-02-28","to":"2023-03-01"})");
  EXPECT_EQ(compared("last_7_days", "2025-03-01", Comparison::YearBefore),
            R"({"from":"2024-02-23","to":"2024-03-02"})");
  EXPECT_EQ(compared("last_7_days", "2025-03-01", Comparison::None), "nothing");
}

TEST(Period, RefusesOtherTexts) {
  for (const char* text : {"", "last_days", "last_0_days", "last_-1_days", "last_x_days", "last_3_hours", "this_day",
                           "last_99999999999999999999_days", "last_3_days_"}) {
    EXPECT_FALSE(period_from_json(Json(text))) << text;
  }
  for (const char* text : {R"({"from":"2025-02-29"})", R"({"from":"2025-1-1"})", R"({"since":"2025-01-01"})",
                           R"({"from":"2025-01-02","to":"2025-01-02"})", R"({"from":"0000-01-01"})", R"([])", "7"}) {
    EXPECT_FALSE(period_from_json(Json::parse(text).value())) << text;
  }
}

TEST(Period, HasAGrainThatFits) {
  EXPECT_EQ(grain_for(90, Grain::Day, 150), Grain::Day);
  EXPECT_EQ(grain_for(365, Grain::Day, 150), Grain::Week);
  EXPECT_EQ(grain_for(1096, Grain::Day, 150), Grain::Month);
  EXPECT_EQ(grain_for(3, Grain::Hour, 150), Grain::Hour);
  EXPECT_EQ(grain_for(3, Grain::Month, 150), Grain::Month);
  EXPECT_EQ(grain_for(36500, Grain::Day, 150), Grain::Year);
}

TEST(Period, WritesDaysAsItReadsThem) {
  for (const char* text : {"0001-01-01", "1969-12-31", "1970-01-01", "2024-02-29", "9999-12-31"}) {
    EXPECT_EQ(day_text(day(text)), text);
  }
  EXPECT_EQ(day("1970-01-02"), 1);
}

}  // namespace
}  // namespace canvasback
