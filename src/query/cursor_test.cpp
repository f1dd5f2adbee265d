#include "query/cursor.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace canvasback {
namespace {

TEST(Cursor, AnOffsetComesBack) {
  Cursor cursor;
  cursor.version = "v1";
  cursor.offset = 9'007'199'254'740'993;
  cursor.seen = 7;
  const auto back = decode_cursor(encode_cursor(cursor));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->version, "v1");
  EXPECT_EQ(back->offset, 9'007'199'254'740'993);
  EXPECT_EQ(back->seen, 7);
  EXPECT_TRUE(back->values.empty());
  EXPECT_EQ(back->file_index, -1);
}

TEST(Cursor, SortValuesComeBackNullsAndEmptyTextsApart) {
  Cursor cursor;
  cursor.version = "v1";
  cursor.values = {"1.50", std::nullopt, "", "ä\"\n"};
  cursor.file_index = 0;
  cursor.file_row = 99;
  const auto back = decode_cursor(encode_cursor(cursor));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->values, cursor.values);
  EXPECT_EQ(back->file_index, 0);
  EXPECT_EQ(back->file_row, 99);
  EXPECT_EQ(back->offset, std::nullopt);
}

TEST(Cursor, FitsIntoAUrlAsItIs) {
  Cursor cursor;
  cursor.version = "????>>>>";
  const std::string text = encode_cursor(cursor);
  EXPECT_EQ(percent_encode(text), text);
}

TEST(Cursor, WhatThisServerDidNotGiveOutIsRefused) {
  for (const char* text : {"", "!", "abc", "bnVsbA", "e30"}) EXPECT_FALSE(decode_cursor(text)) << text;
  for (const char* json : {R"({"v":1})", R"({"v":"a","o":-1})", R"({"v":"a","s":-1})", R"(["v"])", R"({"v":"a"} x)"}) {
    EXPECT_FALSE(decode_cursor(base64url_encode(json))) << json;
  }
}

}  // namespace
}  // namespace canvasback
