#include "base/json.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(Json, RoundTripsEveryKind) {
  const std::string text = R"({"a":null,"b":true,"c":-9223372036854775808,"d":18446744073709551615,"e":0.1,"f":1.0,)"
                           R"("g":"é\n\"","h":[1,[]],"i":{}})";
  auto tree = Json::parse(text);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->dump(), text);
  EXPECT_EQ(tree->at("d").as_uint(), 18446744073709551615ull);
  EXPECT_EQ(tree->at("nothing").as_int(7), 7);
}

TEST(Json, RefusesMalformedRepeatedAndDeepText) {
  EXPECT_FALSE(Json::parse("{"));
  EXPECT_FALSE(Json::parse("{} {}"));
  EXPECT_FALSE(Json::parse(R"({"a":1,"a":2})"));
  EXPECT_FALSE(Json::parse(std::string(100'000, '[')));
  EXPECT_FALSE(Json::parse(std::string(65, '[') + std::string(65, ']')));
  EXPECT_TRUE(Json::parse(std::string(60, '[') + std::string(60, ']')));
  EXPECT_FALSE(Json::parse(""));
}

TEST(Json, EscapesControlCharactersAndReplacesInvalidUtf8) {
  std::string out;
  append_json_string(out, std::string_view("a\x01\"\\\xff\xc3\xa9\0z", 9));
  EXPECT_EQ(out, "\"a\\u0001\\\"\\\\\xEF\xBF\xBD\xc3\xa9\\u0000z\"");
}

}  // namespace
}  // namespace canvasback
