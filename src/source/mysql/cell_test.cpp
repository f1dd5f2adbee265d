#include "source/mysql/cell.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace canvasback {
namespace {

CellCursor over(std::string_view bytes) { return {bytes.data(), bytes.data() + bytes.size()}; }

TEST(Cell, LengthsOfStrings) {
  for (std::size_t size : {0u, 1u, 250u, 251u, 65'535u, 65'536u}) {
    std::string packet;
    if (size < 251) {
      packet += static_cast<char>(size);
    } else {
      const std::size_t width = size < 65'536 ? 2 : 3;
      packet += static_cast<char>(width == 2 ? 252 : 253);
      for (std::size_t i = 0; i < width; ++i) packet += static_cast<char>(size >> (8 * i));
    }
    packet += std::string(size, 'x') + "rest";
    CellCursor cell = over(packet);
    std::string_view bytes;
    ASSERT_TRUE(cell.read_bytes(bytes)) << size;
    EXPECT_EQ(bytes.size(), size);
    EXPECT_EQ(cell.left(), 4u);
  }
}

TEST(Cell, NothingIsReadBeyondTheRow) {
  std::string_view bytes;
  const std::string_view short_rows[] = {"",
                                         "\x05xxxx",
                                         "\xfc\x01",
                                         "\xfb",
                                         "\xff",
                                         std::string_view("\xfc\xff\xff", 3),
                                         "\xfd\x01",
                                         "\xfe\x01\x01\x01",
                                         "\xfe\xff\xff\xff\xff\xff\xff\xff\xffxx"};
  for (std::string_view row : short_rows) {
    CellCursor cell = over(row);
    EXPECT_FALSE(cell.read_bytes(bytes)) << row.size();
  }
  CellCursor cell = over("abc");
  std::uint32_t number = 0;
  EXPECT_FALSE(cell.read(number));
  for (std::string_view row : {"", "\x04\x01\x01\x01", "\x05xxxxx", "\x0bxxxx"}) {
    MysqlMoment moment;
    MysqlSpan span;
    CellCursor first = over(row);
    CellCursor second = over(row);
    EXPECT_FALSE(read_moment(first, moment));
    EXPECT_FALSE(read_span(second, span));
  }
}

TEST(Cell, MomentsOfTheBinaryProtocol) {
  const std::string_view bytes("\x0b\xe8\x07\x05\x06\x07\x08\x09\x40\xe2\x01\x00", 12);
  CellCursor cell = over(bytes);
  MysqlMoment moment;
  ASSERT_TRUE(read_moment(cell, moment));
  char text[kMomentChars];
  EXPECT_EQ(std::string(text, write_moment(text, moment, true, 6)), "2024-05-06 07:08:09.123456");
  EXPECT_EQ(std::string(text, write_moment(text, moment, true, 3)), "2024-05-06 07:08:09.123");
  EXPECT_EQ(std::string(text, write_moment(text, moment, true, 0)), "2024-05-06 07:08:09");
  EXPECT_EQ(std::string(text, write_moment(text, moment, false, 0)), "2024-05-06");
  CellCursor zero = over(std::string_view("\0", 1));
  ASSERT_TRUE(read_moment(zero, moment = {}));
  EXPECT_FALSE(moment.is_possible());
}

TEST(Cell, DaysAreThoseOfTheCalendar) {
  for (int year : {0, 1, 1582, 1900, 1969, 1970, 2000, 2024, 9999}) {
    MysqlMoment moment{.year = year, .month = 2, .day = 28};
    const auto expected = std::chrono::sys_days(std::chrono::year(year) / 2 / 28).time_since_epoch().count();
    EXPECT_EQ(moment.days_since_epoch(), expected);
    EXPECT_TRUE(moment.is_possible());
    moment.day = 29;
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    EXPECT_EQ(moment.is_possible(), leap) << year;
  }
  const MysqlMoment before{.year = 1969, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 59};
  EXPECT_EQ(before.microseconds_since_epoch(), -1'000'000);
}

TEST(Cell, PartialAndImpossibleDates) {
  for (const MysqlMoment& moment :
       {MysqlMoment{.year = 2024, .month = 0, .day = 1}, MysqlMoment{.year = 2024, .month = 5},
        MysqlMoment{.year = 2024, .month = 2, .day = 30}, MysqlMoment{.year = 2024, .month = 13, .day = 1},
        MysqlMoment{.year = 2024, .month = 1, .day = 1, .hour = 24}}) {
    EXPECT_FALSE(moment.is_possible());
  }
}

TEST(Cell, SpansReachToTheLimits) {
  char text[kMomentChars];
  // 34 days and 22:59:59.999999, negative.
  CellCursor cell = over(std::string_view("\x0c\x01\x22\x00\x00\x00\x16\x3b\x3b\x3f\x42\x0f\x00", 13));
  MysqlSpan span;
  ASSERT_TRUE(read_span(cell, span));
  EXPECT_EQ(std::string(text, write_span(text, span, 6)), "-838:59:59.999999");
  for (const char* value : {"-838:59:59", "838:59:59", "00:00:00", "99:59:59", "100:00:00", "-00:00:01"}) {
    ASSERT_TRUE(parse_span(value, span)) << value;
    EXPECT_EQ(std::string(text, write_span(text, span, 0)), value);
  }
  for (const char* value : {"", "1:00:00", "00:60:00", "00:00:60", "00:00", "00:00:00.", "00:00:00.1234567", "x"}) {
    EXPECT_FALSE(parse_span(value, span)) << value;
  }
}

TEST(Cell, MomentsAsText) {
  MysqlMoment moment;
  ASSERT_TRUE(parse_moment("2024-05-06T07:08:09.5", moment));
  EXPECT_EQ(moment.microsecond, 500'000);
  for (const char* value : {"", "2024", "2024-5-06", "2024-05-06 ", "2024-05-06 07:08", "2024-05-06 25:00:00",
                            "2024-05-06 07:08:09.", "2024-05-06x", "2024-05-06 07:08:09.1234567"}) {
    EXPECT_FALSE(parse_moment(value, moment)) << value;
  }
}

}  // namespace
}  // namespace canvasback
