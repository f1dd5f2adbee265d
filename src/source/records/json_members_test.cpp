#include "source/records/json_members.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(JsonMembers, StayAsTheyAreWritten) {
  const auto members = json_members(
      " {\"a\" : 1.50 , \"b\\u0041\":[1, {\"x\":2}] ,\"c\":{ \"d\":\"}\" },\"e\": \"f\\\"\" , \"\":null}\n");
  ASSERT_TRUE(members) << members.error().message;
  std::vector<std::pair<std::string, std::string>> found;
  for (const JsonMember& member : *members) found.emplace_back(member.name, member.value);
  EXPECT_EQ(found,
            (std::vector<std::pair<std::string, std::string>>{
                {"a", "1.50"}, {"bA", "[1, {\"x\":2}]"}, {"c", "{ \"d\":\"}\" }"}, {"e", "\"f\\\"\""}, {"", "null"}}));
  EXPECT_EQ(json_members("{\"n\":123456789012345678901234567890123456789012}")->at(0).value,
            "123456789012345678901234567890123456789012");
  EXPECT_TRUE(json_members("{}")->empty());
}

TEST(JsonMembers, AreOfOneObject) {
  for (const char* text : {"", " ", "[]", "1", "null", "\"a\"", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1}}",
                           "{\"a\":1} {}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{a:1}"}) {
    const auto members = json_members(text);
    ASSERT_FALSE(members) << text;
    EXPECT_EQ(members.error().code, ErrorCode::InvalidData);
  }
}

}  // namespace
}  // namespace canvasback
