#include "encode/xlsx/serial.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

#include "encode/xlsx/limits.hpp"

namespace canvasback::xlsx {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

std::string serial(std::int64_t value, TimeUnit unit) {
  char text[kSerialChars];
  return std::string(text, write_serial(text, value, unit));
}
std::string day(std::int64_t value) {
  char text[kSerialChars];
  return std::string(text, write_serial_day(text, value));
}
std::string time(std::int64_t value, TimeUnit unit) {
  char text[kSerialChars];
  return std::string(text, write_serial_time(text, value, unit));
}

TEST(Serial, WhatReadersRoundPastTheCalendarHasNone) {
  constexpr std::int64_t kEndUs = 253'402'300'800'000'000;  // 10000-01-01
  EXPECT_EQ(serial(kEndUs - 1, TimeUnit::Microsecond), "");
  EXPECT_EQ(serial(kEndUs - 500, TimeUnit::Microsecond), "");
  EXPECT_EQ(serial(kEndUs - 501, TimeUnit::Microsecond).substr(0, 8), "2958465.");
  EXPECT_EQ(serial(kEndUs / 1000 - 1, TimeUnit::Millisecond).substr(0, 8), "2958465.");
  EXPECT_EQ(serial(kEndUs - 86'400'000'001, TimeUnit::Microsecond).substr(0, 8), "2958464.");
}

TEST(Serial, KnownInstants) {
  EXPECT_EQ(serial(0, TimeUnit::Second), "25569");
  EXPECT_EQ(serial(43'200, TimeUnit::Second), "25569.5");
  EXPECT_EQ(serial(-1, TimeUnit::Second), "25568.999988425926");
  EXPECT_EQ(serial(1'500, TimeUnit::Millisecond), "25569.000017361111");
  EXPECT_EQ(day(0), "25569");
  EXPECT_EQ(day(45'658 - 25'569), "45658");  // 2025-01-01
  EXPECT_EQ(time(0, TimeUnit::Second), "0");
  EXPECT_EQ(time(21'600, TimeUnit::Second), "0.25");
  EXPECT_EQ(time(86'399'999'999'999, TimeUnit::Nanosecond), "0.9999999999999885");
}

TEST(Serial, ExcelsCalendarEnds) {
  EXPECT_EQ(day(61 - 25'569), "61");  // 1900-03-01
  EXPECT_EQ(day(60 - 25'569), "");
  EXPECT_EQ(day(2'958'465 - 25'569), "2958465");  // 9999-12-31
  EXPECT_EQ(day(2'958'466 - 25'569), "");
  EXPECT_EQ(serial((61 - 25'569) * kDayUs - 1, TimeUnit::Microsecond), "");
  EXPECT_EQ(serial((61 - 25'569) * kDayUs, TimeUnit::Microsecond), "61");
  EXPECT_EQ(serial(INT64_MAX, TimeUnit::Microsecond), "");
  EXPECT_EQ(serial(INT64_MIN, TimeUnit::Nanosecond), "");
  EXPECT_EQ(serial(INT64_MAX, TimeUnit::Second), "");
  EXPECT_EQ(time(86'400, TimeUnit::Second), "");
  EXPECT_EQ(time(-1, TimeUnit::Nanosecond), "");
}

// What is called exact comes back from the double that a reader makes of the digits; where it is not, it comes back
// within the distance of two doubles.
TEST(Serial, ComesBackFromItsDouble) {
  std::mt19937_64 random(3);
  for (const TimeUnit unit : {TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond}) {
    const std::int64_t per_day = units_per_second(unit) * kSecondsPerDay;
    int exact = 0;
    for (int i = 0; i < 100'000; ++i) {
      // Nanoseconds reach 1677 to 2262 only.
      const std::int64_t days = unit == TimeUnit::Nanosecond ? static_cast<std::int64_t>(random() % 100'000) - 20'000
                                                             : static_cast<std::int64_t>(random() % 2'958'400) - 25'508;
      std::int64_t value = days * per_day + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(per_day));
      if (unit == TimeUnit::Nanosecond && i % 2 == 0) value -= value % 1'000;
      const std::string text = serial(value, unit);
      ASSERT_FALSE(text.empty()) << value;
      const double number = std::strtod(text.c_str(), nullptr);
      const long double back = (static_cast<long double>(number) - kSerialOfEpoch) * static_cast<long double>(per_day);
      if (serial_is_exact(value, unit)) {
        ++exact;
        // The step that instants of this time can be told apart by.
        const std::int64_t per_second = units_per_second(unit);
        const std::int64_t wanted = number >= kSerialMicrosecondMax ? 1'000 : 1'000'000;
        const std::int64_t step = std::max<std::int64_t>(1, per_second / wanted);
        EXPECT_EQ(std::llround(back / static_cast<long double>(step)) * step, value) << text;
      } else {
        const long double distance = static_cast<long double>(std::nextafter(number, 1e9) - number) * per_day;
        const long double digits = 1e-12L * static_cast<long double>(per_day);
        EXPECT_LE(std::fabs(static_cast<double>(back - static_cast<long double>(value))), distance + digits + 1)
            << text;
      }
    }
    EXPECT_GT(exact, 1'000);
  }
}

TEST(Serial, TimesOfDayComeBack) {
  std::mt19937_64 random(4);
  for (const TimeUnit unit : {TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond}) {
    const std::int64_t per_day = units_per_second(unit) * kSecondsPerDay;
    for (int i = 0; i < 100'000; ++i) {
      const auto value = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(per_day));
      const double number = std::strtod(time(value, unit).c_str(), nullptr);
      EXPECT_EQ(std::llround(static_cast<long double>(number) * static_cast<long double>(per_day)), value);
    }
  }
}

}  // namespace
}  // namespace canvasback::xlsx
