#include "transport/http/connection/byte_range.hpp"

#include <gtest/gtest.h>

#include <string>

namespace canvasback::http {
namespace {

// "first+bytes", "whole" or "outside", of a file of 100 bytes.
std::string of(std::string_view header, std::uint64_t size = 100) {
  auto range = byte_range_of(header, size);
  if (!range) return range.error().code == ErrorCode::RangeNotSatisfiable ? "outside" : "another error";
  if (!*range) return "whole";
  return std::to_string((*range)->first) + "+" + std::to_string((*range)->bytes);
}

TEST(ByteRange, OneRangeIsTaken) {
  EXPECT_EQ(of("bytes=0-0"), "0+1");
  EXPECT_EQ(of("bytes=10-19"), "10+10");
  EXPECT_EQ(of("bytes=90-"), "90+10");
  EXPECT_EQ(of("bytes=90-5000"), "90+10");
  EXPECT_EQ(of("bytes=90-99999999999999999999999999"), "90+10");
  EXPECT_EQ(of("bytes=-7"), "93+7");
  EXPECT_EQ(of("bytes=-700"), "0+100");
  EXPECT_EQ(of(" Bytes= 1 - 2 "), "1+2");
}

TEST(ByteRange, WhatIsNoRangeIsTheWholeFile) {
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=x-1", "bytes=1-x", "bytes=5-4", "bytes=1-2,4-5",
                             "items=1-2", "bytes=--1", "bytes=1--2", "bytes=+1-2", "bytes=0x1-2"}) {
    EXPECT_EQ(of(header), "whole") << header;
  }
}

TEST(ByteRange, BytesBeyondTheEndAreAnError) {
  EXPECT_EQ(of("bytes=100-"), "outside");
  EXPECT_EQ(of("bytes=99999999999999999999999999-"), "outside");
  EXPECT_EQ(of("bytes=-0"), "outside");
  EXPECT_EQ(of("bytes=0-", 0), "outside");
  EXPECT_EQ(of("bytes=-1", 0), "outside");
}

TEST(ByteRange, TagsAreFoundInLists) {
  EXPECT_TRUE(names_tag("\"a\"", "\"a\""));
  EXPECT_TRUE(names_tag("\"b\", W/\"a\"", "\"a\""));
  EXPECT_TRUE(names_tag("*", "\"a\""));
  EXPECT_FALSE(names_tag("", "\"a\""));
  EXPECT_FALSE(names_tag("a, \"ab\"", "\"a\""));
}

}  // namespace
}  // namespace canvasback::http
