#include "transport/http/connection/problem.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.hpp"

namespace canvasback::http {
namespace {

TEST(Problem, AnErrorIsAProblemDocument) {
  const Error error{ErrorCode::QueryInvalid, "no column \"x\"", "secret detail", 7, 0};
  const Response response = problem_response(error, "/api/v1/sql");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const Json body = Json::parse(response.body).value();
  EXPECT_EQ(body.at("type").as_string(), "/docs/errors#QueryInvalid");
  EXPECT_EQ(body.at("title").as_string(), "Invalid query");
  EXPECT_EQ(body.at("status").as_int(), 400);
  EXPECT_EQ(body.at("detail").as_string(), "no column \"x\"");
  EXPECT_EQ(body.at("code").as_string(), "QueryInvalid");
  EXPECT_EQ(body.at("instance").as_string(), "/api/v1/sql");
  EXPECT_EQ(body.at("position").as_int(), 7);
  EXPECT_EQ(response.body.find("secret"), std::string::npos) << "the detail is for the log";
}

TEST(Problem, OptionalMembersAreLeftOut) {
  const Json body = Json::parse(problem_response({ErrorCode::NotFound, "m", {}, {}, 0}, "").body).value();
  EXPECT_EQ(body.find("position"), nullptr);
  EXPECT_EQ(body.find("instance"), nullptr);
}

TEST(Problem, RetryAfterIsAHeader) {
  const Response response = problem_response({ErrorCode::TooManyRequests, "later", {}, {}, 3}, "/x");
  EXPECT_EQ(response.status, 429);
  EXPECT_TRUE(std::ranges::find(response.headers, std::pair<std::string, std::string>("Retry-After", "3")) !=
              response.headers.end());
}

TEST(Problem, AnythingInAMessageStaysJson) {
  const Response response = problem_response({ErrorCode::InvalidData, "\x01\xff\"\\\n", {}, {}, 0}, "/\xc3\x28");
  EXPECT_TRUE(Json::parse(response.body));
}

}  // namespace
}  // namespace canvasback::http
