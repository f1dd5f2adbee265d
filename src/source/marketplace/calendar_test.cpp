#include "source/marketplace/calendar.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace canvasback::marketplace {
namespace {

constexpr std::int64_t kOrders = 400'000;

std::int64_t day_of(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days date(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day));
  return date.time_since_epoch().count() - kFirstSecond / kDaySeconds;
}

TEST(Calendar, TimesRiseWithNumbersAndStayInside) {
  for (const std::int64_t orders : {std::int64_t{1}, std::int64_t{7}, std::int64_t{3'000}, kOrders}) {
    const Calendar calendar(3, orders);
    std::int64_t before = kFirstSecond;
    for (std::int64_t order = 0; order < orders; ++order) {
      const std::int64_t time = calendar.time_of(order);
      ASSERT_GE(time, before) << order;
      ASSERT_LT(time, kEndSecond) << order;
      before = time;
    }
  }
}

TEST(Calendar, TenBillionOrdersDoNotOverflow) {
  const Calendar calendar(3, 10'000'000'000);
  EXPECT_EQ(calendar.time_of(0), kFirstSecond);
  EXPECT_GT(calendar.time_of(9'999'999'999), kEndSecond - 60);
  EXPECT_LT(calendar.time_of(9'999'999'999), kEndSecond);
}

TEST(Calendar, WeeksYearsAndHoursHaveTheirShares) {
  const Calendar calendar(3, kOrders);
  std::array<int, 3> years{};
  std::array<int, 24> hours{};
  std::array<int, 7> weekdays{};
  for (std::int64_t order = 0; order < kOrders; ++order) {
    const std::int64_t time = calendar.time_of(order);
    const std::chrono::sys_days day{std::chrono::days(time / kDaySeconds)};
    ++years.at(static_cast<std::size_t>(static_cast<int>(std::chrono::year_month_day(day).year()) - 2023));
    ++hours.at(static_cast<std::size_t>(time % kDaySeconds / 3600));
    ++weekdays.at(std::chrono::weekday(day).c_encoding());
  }
  EXPECT_GT(years[1], years[0] * 11 / 10);
  EXPECT_GT(years[2], years[1] * 11 / 10);
  EXPECT_GT(hours[20], hours[3] * 8) << "evenings are busy, nights are not";
  EXPECT_GT(weekdays[0], weekdays[5] * 11 / 10) << "more on Sundays than on Fridays";
}

TEST(Calendar, ShoppingDaysAreBusy) {
  EXPECT_TRUE(Calendar::is_shopping_day(day_of(2024, 11, 29)));
  EXPECT_TRUE(Calendar::is_shopping_day(day_of(2024, 12, 2)));
  EXPECT_FALSE(Calendar::is_shopping_day(day_of(2024, 11, 28)));
  EXPECT_FALSE(Calendar::is_shopping_day(day_of(2024, 12, 3)));
  const Calendar calendar(3, kOrders);
  const auto orders_of = [&](std::int64_t day) {
    int count = 0;
    for (std::int64_t order = 0; order < kOrders; ++order) {
      count += (calendar.time_of(order) - kFirstSecond) / kDaySeconds == day ? 1 : 0;
    }
    return count;
  };
  EXPECT_GT(orders_of(day_of(2024, 11, 29)), orders_of(day_of(2024, 11, 22)) * 3 / 2);
  EXPECT_LT(orders_of(day_of(2024, 12, 25)), orders_of(day_of(2024, 12, 18)) / 2);
}

}  // namespace
}  // namespace canvasback::marketplace
