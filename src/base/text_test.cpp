#include "base/text.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(Text, ParsesSizes) {
  EXPECT_EQ(parse_bytes("512MB").value(), 512'000'000u);
  EXPECT_EQ(parse_bytes("2 GiB").value(), 2ull << 30);
  EXPECT_EQ(parse_bytes("1.5k").value(), 1500u);
  EXPECT_EQ(parse_bytes("42").value(), 42u);
  for (const char* bad : {"", "MB", "-1", "1XB", "1MiBB", "nan"}) EXPECT_FALSE(parse_bytes(bad)) << bad;
}

TEST(Text, DecodesPercentEscapes) {
  EXPECT_EQ(percent_decode("a%20b+c%C3%A9", true), "a b c\xc3\xa9");
  EXPECT_EQ(percent_decode("a+b", false), "a+b");
  EXPECT_EQ(percent_decode("%2", true), std::nullopt);
  EXPECT_EQ(percent_decode("%zz", true), std::nullopt);
  EXPECT_EQ(percent_decode(percent_encode("/é ?&=%"), true), "/é ?&=%");
}

TEST(Text, NamesDatasetsAfterTheirFiles) {
  EXPECT_EQ(name_from_path("/data/flights-3m.parquet"), "flights_3m");
  EXPECT_EQ(name_from_path("sales/2024-*.parquet"), "sales");
  EXPECT_EQ(name_from_path("data/2024.csv.gz"), "_2024");
  EXPECT_EQ(name_from_path("folder/"), "folder");
  EXPECT_EQ(name_from_path("gr\xc3\xb6\xc3\x9f"
                           "e, n.csv"),
            "gr\xc3\xb6\xc3\x9f"
            "e__n");
  EXPECT_EQ(name_from_path("\xff.csv"), "_");
  const std::string cut = name_from_path(std::string(300, 'x') + ".csv");
  EXPECT_EQ(cut.size(), 128U);
  EXPECT_NE(cut, name_from_path(std::string(301, 'x') + ".csv"));
}

TEST(Text, KnowsWellFormedUtf8) {
  EXPECT_EQ(utf8_sequence_length("a"), 1u);
  EXPECT_EQ(utf8_sequence_length("\xf0\x9f\xa6\x86"), 4u);
  for (const char* bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3"}) {
    EXPECT_EQ(utf8_sequence_length(bad), 0u);
  }
}

TEST(Text, Base64UrlRoundTrips) {
  for (std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\xfd\xfc"}) {
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  }
  EXPECT_EQ(base64_encode("abcd"), "YWJjZA==");
}

TEST(Text, GroupsThousands) {
  EXPECT_EQ(with_thousands(-1234567), "-1,234,567");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(-100), "-100");
}

}  // namespace
}  // namespace canvasback
