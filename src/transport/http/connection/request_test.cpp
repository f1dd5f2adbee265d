#include "transport/http/connection/request.hpp"

#include <gtest/gtest.h>

namespace canvasback::http {
namespace {

Result<Request> split(std::string target) {
  Request request;
  request.target = std::move(target);
  CANVASBACK_TRY(split_target(request));
  return request;
}

TEST(Request, TargetsSplitIntoPathAndParameters) {
  const auto request = split("/a%20b/c?x=1&y=%26+%3D&empty=&flag");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->path, "/a b/c");
  EXPECT_EQ(*request->parameter("x"), "1");
  EXPECT_EQ(*request->parameter("y"), "& =");
  EXPECT_EQ(*request->parameter("empty"), "");
  EXPECT_EQ(*request->parameter("flag"), "");
  EXPECT_EQ(request->parameter("none"), nullptr);
}

TEST(Request, APlusIsASpaceInTheQueryAlone) {
  const auto request = split("/a+b?x=a+b");
  EXPECT_EQ(request->path, "/a+b");
  EXPECT_EQ(*request->parameter("x"), "a b");
}

TEST(Request, EmptyPartsAreNothing) {
  EXPECT_TRUE(split("/a?")->query.empty());
  EXPECT_EQ(split("/a?&&x=1&")->query.size(), 1U);
  EXPECT_EQ(*split("/a?x=1=2?3")->parameter("x"), "1=2?3");
}

TEST(Request, WhatIsNoPathOrABrokenEscapeIsRefused) {
  for (const char* target : {"", "*", "http://x/y", "/%", "/%4", "/%zz", "/a?x=%4", "/a?%=1"}) {
    const auto request = split(target);
    ASSERT_FALSE(request) << target;
    EXPECT_EQ(request.error().code, ErrorCode::InvalidData);
  }
}

TEST(Request, AParameterGivenTwiceIsRefusedAndNamed) {
  const auto request = split("/a?limit=1&%6Cimit=2");
  ASSERT_FALSE(request);
  EXPECT_NE(request.error().message.find("limit"), std::string::npos);
}

TEST(Request, AKeyMayHaveSeveralValues) {
  const auto request = split("/a?key=x%2Cy&key=&key=z");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->parameters("key"), (std::vector<std::string>{"x,y", "", "z"}));
}

TEST(Request, HeadersAreFoundByTheirLowerCaseName) {
  Request request;
  request.headers["accept"] = "text/csv";
  EXPECT_EQ(request.header("accept"), "text/csv");
  EXPECT_EQ(request.header("host"), "");
}

}  // namespace
}  // namespace canvasback::http
