#include "base/exact_number.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

std::string exact(std::string_view text) {
  const auto number = parse_exact_number(text);
  return number ? number->text() : "none";
}

TEST(ExactNumber, IsWrittenOut) {
  EXPECT_EQ(exact("0012.500"), "12.5");
  EXPECT_EQ(exact("-0.0"), "0");
  EXPECT_EQ(exact("1e3"), "1000");
  EXPECT_EQ(exact("-1.25E-3"), "-0.00125");
  EXPECT_EQ(exact("12345678901234567890.12"), "12345678901234567890.12");
  EXPECT_EQ(exact("+.5"), "0.5");
  EXPECT_EQ(exact("9007199254740993e-1"), "900719925474099.3");
  for (const char* wrong : {"", "-", ".", "1e", "1e999999", "12a", "1.2.3", "0x10", "nan", "1e500"}) {
    EXPECT_EQ(exact(wrong), "none") << wrong;
  }
}

TEST(LongNumbersKept, OnlyWhatA64BitNumberLoses) {
  EXPECT_EQ(long_numbers_kept(R"({"d":99999999999999.99,"e":0.1,"f":[1,-2.5e3]})", LongNumbers::Text),
            R"({"d":"99999999999999.99","e":0.1,"f":[1,-2.5e3]})");
  EXPECT_EQ(long_numbers_kept("[12345678901234567890.12,18446744073709551615,18446744073709551616,-9223372036854775808,"
                              "-9223372036854775809]",
                              LongNumbers::Text),
            "[\"12345678901234567890.12\",18446744073709551615,\"18446744073709551616\",-9223372036854775808,"
            "\"-9223372036854775809\"]");
  EXPECT_EQ(long_numbers_kept("[1.2345678901234567e-7]", LongNumbers::Marked),
            R"([{"number":"1.2345678901234567e-7"}])");
}

TEST(LongNumbersKept, LeavesTextsAndMalformedAlone) {
  for (const char* same : {R"({"a\"1":"12345678901234567.125"})", R"(["\\",1])", "\"1234567890123456789012", "[1..]",
                           "[1234567890123456.7.8]", "[12345678901234567890-1]", "", "-"}) {
    EXPECT_EQ(long_numbers_kept(same, LongNumbers::Text), same);
  }
}

}  // namespace
}  // namespace canvasback
