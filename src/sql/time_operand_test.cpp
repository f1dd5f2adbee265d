#include "sql/time_operand.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

// The number, "+" where the text's value lies behind it; "other" where it is compared in another type.
std::string number_of(const std::string& type, std::string_view text) {
  const auto operand = time_operand("c", type, text);
  if (!operand) return "refused";
  const std::string number = operand->number ? std::to_string(*operand->number) : "other";
  return number + (operand->between ? "+" : "");
}

TEST(TimeOperand, ReadsInstants) {
  EXPECT_EQ(number_of("TIMESTAMP", "1970-01-02"), "86400000000");
  EXPECT_EQ(number_of("TIMESTAMP", "1970-01-01T00:00:01.5"), "1500000");
  EXPECT_EQ(number_of("TIMESTAMP", "1970-01-01 00:00"), "0");
  EXPECT_EQ(number_of("TIMESTAMP", "1970-01-01T02:00:00+02:00"), "0");
  EXPECT_EQ(number_of("TIMESTAMP", "1969-12-31T22:30:00-0130"), "0");
  EXPECT_EQ(number_of("TIMESTAMP WITH TIME ZONE", "1970-01-01T00:00:00Z"), "0");
  EXPECT_EQ(number_of("TIMESTAMP_MS", "1970-01-01T00:00:00.001"), "1000");
  EXPECT_EQ(number_of("TIMESTAMP_NS", "1970-01-01T00:00:00.000000001"), "1");
  EXPECT_EQ(number_of("TIMESTAMP", "+10000-01-01"), "253402300800000000");
  EXPECT_EQ(number_of("TIMESTAMP", "-0001-01-01"), "-62198755200000000");
}

TEST(TimeOperand, DigitsPastTheLastLieBetween) {
  EXPECT_EQ(number_of("TIMESTAMP", "1970-01-01T00:00:00.0000019"), "1+");
  EXPECT_EQ(number_of("TIMESTAMP", "1970-01-01T00:00:00.0000010"), "1");
  EXPECT_EQ(number_of("TIMESTAMP", "1969-12-31T23:59:59.9999991"), "-1+");
  EXPECT_EQ(number_of("TIMESTAMP_NS", "1970-01-01T00:00:00.0000000011"), "1+");
  EXPECT_EQ(number_of("TIME", "00:00:00.0000011"), "1+");
}

TEST(TimeOperand, DatesAreDays) {
  EXPECT_EQ(number_of("DATE", "1970-01-11"), "10");
  EXPECT_EQ(number_of("DATE", "1970-01-11T00:00:00"), "10");
  EXPECT_EQ(number_of("DATE", "1970-01-11T12:00"), "other");
  EXPECT_EQ(time_operand("c", "DATE", "1970-01-11T12:00")->left, "CAST(c AS TIMESTAMP)");
  EXPECT_EQ(number_of("DATE", "2024-02-29"), "19782");
  EXPECT_EQ(number_of("DATE", "2023-02-29"), "refused");
}

TEST(TimeOperand, FarYearsOfNanosecondsAreOfAnotherType) {
  EXPECT_EQ(number_of("TIMESTAMP_NS", "2300-01-01"), "other");
  EXPECT_EQ(time_operand("c", "TIMESTAMP_NS", "0001-01-01")->left, "CAST(c AS TIMESTAMP)");
}

TEST(TimeOperand, RefusesWhatIsNoSuchValue) {
  for (const char* text : {"", "x", "2024-01-01 garbage", "2024-13-01", "2024-01-32", "2024-01-01T25:00",
                           "2024-01-01T1", "2024-01-01T12:00:61", "2024-01-01T12:00:00.", "2024-01-01T12:00:00+5",
                           "12:00", "2024-01-01T12:00:00+02:00 x", "2024-01-01T12:00:00 Europe/Berlin"}) {
    EXPECT_EQ(number_of("TIMESTAMP", text), "refused") << text;
  }
  for (const char* text : {"2024-01-01T23:30:00-02:00", "2024-01-01 garbage"}) {
    EXPECT_EQ(number_of("DATE", text), "refused") << text;
  }
  for (const char* text : {"12:00:00+05:00", "12:00:00 x", "12", "2024-01-01"}) {
    EXPECT_EQ(number_of("TIME", text), "refused") << text;
  }
}

TEST(TimeOperand, ValuesAreOfTheColumnsType) {
  EXPECT_EQ(time_operand("c", "TIME", "24:00:00")->value, "CAST('24:00:00.000000' AS TIME)");
  EXPECT_EQ(time_operand("c", "TIMESTAMP", "-infinity")->value, "CAST('-infinity' AS TIMESTAMP)");
  EXPECT_EQ(time_operand("c", "DATE", "1970-01-02")->value, "(DATE '1970-01-01' + CAST(1 AS INTEGER))");
  EXPECT_FALSE(has_time_operand("TIME WITH TIME ZONE"));
}

}  // namespace
}  // namespace canvasback
