#include "query/published_dashboard.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace canvasback {
namespace {

Json document_of(const std::string& metrics, const std::string& tiles) {
  auto json = Json::parse(R"({"title": "T", "filters": ["country", "email"], "metrics": )" + metrics +
                          R"(, "tiles": )" + tiles + "}");
  EXPECT_TRUE(json);
  return json ? *json : Json();
}

const std::string kMetrics = R"json({"source": "orders", "time": "at", "private": ["Email", "cost"],
  "dimensions": ["country", "email", {"name": "domain", "expression": "split_part(\"email\", '@', 2)"},
                 {"name": "emails", "expression": "emails + 1"}],
  "measures": [{"name": "orders", "agg": "count"}, {"name": "cost", "agg": "sum", "of": "cost"},
               {"name": "share", "agg": "ratio", "of": ["cost", "orders"]},
               {"name": "margin", "agg": "sum", "expression": "amount - COST"},
               {"name": "known", "agg": "count", "where": {"domain": "example.org"}}]})json";

TEST(PublishedDashboard, WhatIsMadeOfPrivateColumnsStays) {
  const auto out = published_dashboard(document_of(kMetrics, R"([
    {"type": "card", "measure": "orders"}, {"type": "card", "title": "Cost", "measure": "share"},
    {"type": "table", "measures": ["orders"], "by": "domain"},
    {"type": "table", "measures": ["orders"], "by": "emails"},
    {"type": "card", "measure": "orders", "where": {"email": "a@example.org"}}])"));
  ASSERT_TRUE(out) << out.error().message;
  const std::string text = out->document.dump() + out->shown.dump();
  for (const char* secret : {"Email", "\"email\"", "cost", "COST", "domain", "example.org", "\"private\""}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret << " in " << text;
  }
  EXPECT_EQ(out->withheld.size(), 3U);
  ASSERT_EQ(out->dashboard.tiles.size(), 5U) << "each keeps its number";
  EXPECT_EQ(out->dashboard.tiles[1].type, "text");
  EXPECT_EQ(out->dashboard.tiles[2].type, "text");
  EXPECT_EQ(out->dashboard.tiles[3].type, "table") << "another column's name only begins alike";
  EXPECT_EQ(out->shown.at("tiles").as_array()[1].at("title").as_string(), "Cost");
  EXPECT_EQ(out->shown.at("filters").dump(), R"(["country"])");
}

TEST(PublishedDashboard, ReadersGetNoStatements) {
  const std::string metrics = R"json({"sql": "SELECT * FROM secrets", "time": "at", "dimensions":
                      ["country", {"name": "email", "expression": "upper(x)", "label": "E"}],
                      "measures": [{"name": "n", "agg": "sum", "expression": "a * b"}]})json";
  const auto out = published_dashboard(document_of(metrics, R"([{"type": "table", "measure": "n", "by": "email"}])"));
  ASSERT_TRUE(out) << out.error().message;
  const std::string shown = out->shown.dump();
  for (const char* secret : {"secrets", "upper", "a * b"}) EXPECT_EQ(shown.find(secret), std::string::npos) << secret;
  EXPECT_NE(shown.find("\"E\""), std::string::npos);
  EXPECT_NE(out->document.dump().find("secrets"), std::string::npos) << "workers need it";
  ASSERT_EQ(out->columns.size(), 4U);
  EXPECT_EQ(out->columns[2].column, "(upper(x))");
}

TEST(PublishedDashboard, NothingLeftIsAnError) {
  const auto out = published_dashboard(document_of(
      R"({"source": "o", "time": "at", "private": ["at"], "dimensions": ["country", "email"],
          "measures": [{"name": "n", "agg": "count"}]})",
      R"([{"type": "card", "measure": "n"}])"));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::InvalidData);
}

}  // namespace
}  // namespace canvasback
