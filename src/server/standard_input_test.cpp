#include "server/standard_input.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(StandardInput, TellsFormatsByTheirBeginning) {
  EXPECT_EQ(*format_of_beginning("PAR1\x15\x04"), "parquet");
  EXPECT_EQ(*format_of_beginning(std::string_view("ARROW1\0\0", 8)), "arrow");
  EXPECT_EQ(*format_of_beginning("\xff\xff\xff\xff\x10"), "arrow");
  EXPECT_EQ(*format_of_beginning("{\"a\": 1}\n{\"a\": 2}"), "json");
  EXPECT_EQ(*format_of_beginning("\xef\xbb\xbf \n[{\"a\": 1}]"), "json");
  EXPECT_EQ(*format_of_beginning("a,b\n1,2\n"), "csv");
  EXPECT_EQ(*format_of_beginning("PAR"), "csv");
  EXPECT_EQ(*format_of_beginning("\n"), "csv");
}

TEST(StandardInput, RefusesWhatItCannotRead) {
  EXPECT_FALSE(format_of_beginning(""));
  for (const char* magic : {"\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "PK\x03\x04"}) {
    const auto format = format_of_beginning(magic);
    ASSERT_FALSE(format);
    EXPECT_NE(format.error().message.find("compressed"), std::string::npos);
  }
}

TEST(StandardInput, TakesOtherArgumentsAsPaths) {
  StandardInput input;
  EXPECT_EQ(input.source_of("a=b.csv")->name, "a");
  EXPECT_EQ(input.source_of("some/flights.parquet")->name, "flights");
}

}  // namespace
}  // namespace canvasback
