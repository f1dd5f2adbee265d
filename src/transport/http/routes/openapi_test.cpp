// protocol/openapi.json against the routes that `serve` has, both ways: methods, paths, query parameters. What the
// routes answer is held against it by tests/functional/test_openapi.py.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "transport/http/routes/routes.hpp"

namespace canvasback::embedded {

extern const std::string_view openapi_json;

}  // namespace canvasback::embedded

namespace canvasback::http {
namespace {

using Names = std::set<std::string>;

class OpenApiTest : public testing::Test {
 protected:
  OpenApiTest() {
    auto parsed = Json::parse(embedded::openapi_json, 64);
    EXPECT_TRUE(parsed) << parsed.error().message;
    document_ = std::move(*parsed);
    add_routes(router_, {pool_, datasets_, queries_, analyses_, tiles_, jobs_, views_, metrics_, 0});
  }
  ~OpenApiTest() override { std::filesystem::remove_all(folder_); }

  // What a "$ref" points to, or the value itself.
  const Json& resolved(const Json& value) const {
    const Json* reference = value.find("$ref");
    if (reference == nullptr) return value;
    const Json* at = &document_;
    for (const std::string& part : split(reference->as_string().substr(2), '/')) at = &at->at(part);
    EXPECT_FALSE(at->is_null()) << reference->as_string();
    return *at;
  }
  // Names of the parameters that an operation takes in "query" or "path".
  Names parameters(const Json& operation, std::string_view place) const {
    Names out;
    for (const Json& entry : operation.at("parameters").as_array()) {
      const Json& parameter = resolved(entry);
      if (parameter.at("in").as_string() == place) out.emplace(parameter.at("name").as_string());
    }
    return out;
  }

  std::string folder_ = testing::TempDir() + "canvasback-openapi-" + std::to_string(::getpid());
  asio::io_context io_;
  Pool pool_{io_.get_executor(), query_profile({"", folder_})};
  DatasetService datasets_{io_.get_executor(), pool_};
  QueryService queries_{pool_, datasets_, {}};
  CachedAnswers answers_{0};
  AnalysisService analyses_{queries_, datasets_, answers_};
  TileService tiles_{queries_, datasets_, answers_};
  Schedule schedule_{io_.get_executor()};
  JobService jobs_{io_.get_executor(), schedule_, queries_, datasets_, {folder_ + "/jobs", 0, 0, 1}};
  ViewService views_{io_.get_executor(), queries_, datasets_, {}};
  Metrics metrics_;
  Router router_{metrics_, {}};
  Json document_;
};

TEST_F(OpenApiTest, DescribesEveryRouteAndNoOther) {
  Names served;
  for (const RouteInfo& route : router_.routes()) served.insert(lower(route.method) + " " + route.pattern);
  Names described;
  for (const auto& [path, item] : document_.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) described.insert(method + " " + path);
  }
  EXPECT_EQ(served, described);
  EXPECT_GE(served.size(), 17U);
}

TEST_F(OpenApiTest, DescribesEveryParameterAndNoOther) {
  for (const RouteInfo& route : router_.routes()) {
    const Json& operation = document_.at("paths").at(route.pattern).at(lower(route.method));
    EXPECT_EQ(Names(route.parameters.begin(), route.parameters.end()), parameters(operation, "query")) << route.pattern;
    Names in_path;
    for (const std::string& part : split(route.pattern, '/')) {
      if (part.starts_with('{')) in_path.insert(part.substr(1, part.size() - 2));
    }
    EXPECT_EQ(in_path, parameters(operation, "path")) << route.pattern;
  }
}

TEST_F(OpenApiTest, ListsEveryErrorCode) {
  const Json& codes = document_.at("components").at("schemas").at("ErrorCode");
  Names listed;
  for (const Json& entry : codes.at("x-errors").as_array()) {
    const auto code = error_code_from(entry.at("code").as_string());
    ASSERT_TRUE(code) << entry.dump();
    EXPECT_EQ(http_status_of(*code), entry.at("status").as_int()) << entry.dump();
    EXPECT_EQ(title_of(*code), entry.at("title").as_string());
    listed.emplace(entry.at("code").as_string());
  }
  Names accepted;
  for (const Json& name : codes.at("enum").as_array()) accepted.emplace(name.as_string());
  EXPECT_EQ(listed, accepted);
  Names known;
  for (int i = 0; i <= static_cast<int>(ErrorCode::IdempotencyKeyReused); ++i) {
    known.emplace(name_of(static_cast<ErrorCode>(i)));
  }
  EXPECT_EQ(listed, known);
}

TEST_F(OpenApiTest, HasTheVersionOfTheProgram) {
  EXPECT_EQ(document_.at("info").at("version").as_string(), CANVASBACK_VERSION);
}

}  // namespace
}  // namespace canvasback::http
