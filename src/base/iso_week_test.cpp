#include "base/iso_week.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

TEST(IsoWeek, WeeksOfKnownDays) {
  const struct {
    std::int64_t day;  // since 1970-01-01
    const char* week;
  } kCases[] = {{0, "1970-W01"},     {3, "1970-W01"},     {4, "1970-W02"},
                {-4, "1969-W52"},    {20088, "2025-W01"},                       // 2024-12-31
                {20381, "2025-W43"},                                            // 2025-10-20
                {20387, "2025-W43"}, {20388, "2025-W44"}, {18627, "2020-W53"},  // 2020-12-31
                {18630, "2020-W53"}, {18631, "2021-W01"}};
  for (const auto& [day, week] : kCases) {
    EXPECT_EQ(text_of(iso_week_of(week_number_of(day * kDayUs))), week) << day;
    EXPECT_EQ(text_of(iso_week_of(week_number_of((day + 1) * kDayUs - 1))), week) << day;
  }
}

TEST(IsoWeek, TextsAreReadBack) {
  for (std::int64_t number = -100; number < 5000; ++number) {
    const auto parsed = parse_iso_week(text_of(iso_week_of(number)));
    ASSERT_TRUE(parsed) << number;
    EXPECT_EQ(week_number_of(*parsed), number);
  }
  for (const char* text :
       {"", "2025", "2025-W", "2025-W54", "2025-W00", "2021-W53", "2025-W40x", "x-W40", "2019-01", "2019-1", "2019-w06",
        "2019-W6", "2019W06", "2019-W006", "0000-W01", "+019-W06", " 2019-W06", "2019-W06 ", "2019-W06-1"}) {
    EXPECT_FALSE(parse_iso_week(text)) << text;
  }
}

}  // namespace
}  // namespace canvasback
