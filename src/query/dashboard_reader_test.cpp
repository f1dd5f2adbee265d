#include "query/dashboard_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "query/dashboard_check.hpp"

namespace canvasback {
namespace {

Json document(std::string_view text) { return Json::parse(text).value(); }

constexpr std::string_view kGood = R"({
  "title": "Orders", "period": "last_90_days", "compare": "previous_period", "filters": ["country"], "refresh_s": 60,
  "metrics": {
    "source": "orders", "time": "ts", "timezone": "Europe/Berlin", "week_start": "sunday",
    "dimensions": ["country", {"name": "category", "top": 20}, {"name": "hour", "part": "hour"},
                   {"name": "price", "column": "amount", "bins": [0, 0.5, 10]}, {"name": "joined", "grain": "month"},
                   {"name": "big", "expression": "amount > 10"}],
    "measures": [{"name": "revenue", "agg": "sum", "of": "amount", "scale": 2}, {"name": "orders", "agg": "count"},
                 {"name": "average_order", "agg": "ratio", "of": ["revenue", "orders"]},
                 {"name": "p9", "agg": "quantile", "of": "amount", "q": 0.9, "approximate": true},
                 {"name": "paid", "agg": "count", "where": {"status": ["paid", null], "amount": {"from": 1}}}]},
  "tiles": [
    {"type": "card", "measure": "revenue", "spark": "week"}, {"type": "card", "measure": "orders", "spark": false},
    {"type": "line", "measure": "revenue", "by": "country", "grain": "day", "limit": 5},
    {"type": "table", "measures": ["revenue", "orders"], "by": ["category", "country"], "sort": "-orders"},
    {"type": "pivot", "measure": "orders", "rows": "country", "columns": "category"},
    {"type": "heatmap", "measure": "orders", "x": "hour", "y": "country"},
    {"type": "histogram", "measure": "orders", "by": "price"}, {"type": "funnel", "measures": ["orders", "paid"]},
    {"type": "bar", "measure": "orders", "by": "joined", "where": {"country": "DE"}}, {"type": "text", "text": "x"}]
})";

std::vector<DatasetColumn> columns() {
  return {{"ts", "TIMESTAMP", {}, {}, {}},
          {"country", "VARCHAR", {}, {}, {}},
          {"category", "VARCHAR", {}, {}, {}},
          {"amount", "DECIMAL(12,2)", {}, {}, {}},
          {"status", "VARCHAR", {}, {}, {}}};
}

// "path: message" of all problems of a text in which one piece was replaced.
std::string problems_of(std::string_view from = {}, std::string_view to = {}) {
  std::string text(kGood);
  if (!from.empty()) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  }
  DashboardProblems problems;
  const Json json = document(text);
  const Dashboard dashboard = dashboard_from_json(json, problems);
  for (std::size_t i = 0; i < dashboard.models.size(); ++i) {
    check_metrics(dashboard.models[i], metrics_path(json, i), columns(), problems);
  }
  std::string out;
  for (const DashboardProblem& problem : problems) {
    out += (out.empty() ? "" : "\n") + problem.path + ": " + problem.message;
  }
  return out;
}

TEST(DashboardReader, ReadsAWholeDashboard) {
  EXPECT_EQ(problems_of(), "");
  DashboardProblems problems;
  const Dashboard dashboard = dashboard_from_json(document(kGood), problems);
  ASSERT_EQ(dashboard.models.size(), 1U);
  const MetricsModel& model = dashboard.models[0];
  EXPECT_EQ(model.find_dimension("price")->bins, (std::vector<std::string>{"0", "0.5", "10"}));
  EXPECT_EQ(model.find_dimension("joined")->grain, Grain::Month);
  EXPECT_EQ(model.find_measure("average_order")->denominator, "orders");
  EXPECT_TRUE(model.has_user_sql());
  EXPECT_EQ(dashboard.tiles[0].spark, Grain::Week);
  EXPECT_EQ(dashboard.tiles[1].spark, Grain::None);
  EXPECT_EQ(dashboard.tiles[3].by, (std::vector<std::string>{"category", "country"}));
  EXPECT_EQ(dashboard.tiles[5].by, (std::vector<std::string>{"hour", "country"}));
  EXPECT_EQ(dashboard.tiles[8].where.size(), 1U);
}

TEST(DashboardReader, NamesWhatIsNearest) {
  EXPECT_EQ(problems_of(R"("title": "Orders")", R"("titel": "Orders")"),
            "titel: A dashboard has no key \"titel\". Did you mean \"title\"?\n: The key \"title\" is missing.");
  EXPECT_EQ(problems_of(R"("agg": "sum")", R"("agg": "summ")"),
            "metrics.measures[0].agg: \"agg\" must be count, sum, min, max, average, distinct, quantile or ratio. Did "
            "you mean \"sum\"?");
  EXPECT_EQ(problems_of(R"("of": "amount", "scale")", R"("of": "amout", "scale")"),
            "metrics.measures[0].of: Dataset \"orders\" has no column \"amout\". Did you mean \"amount\"?");
  EXPECT_EQ(problems_of(R"("measure": "revenue", "spark")", R"("measure": "revnue", "spark")"),
            "tiles[0].measure: There is no measure \"revnue\". Did you mean \"revenue\"?");
  EXPECT_EQ(problems_of(R"("by": "country", "grain")", R"("by": "contry", "grain")"),
            "tiles[2].by: There is no dimension \"contry\". Did you mean \"country\"?");
  EXPECT_EQ(problems_of(R"("type": "pivot")", R"("type": "pivott")"),
            "tiles[4].type: \"type\" must be card, line, area, bar, table, pivot, cohort, heatmap, funnel, histogram, "
            "map or text. Did you mean \"pivot\"?");
  EXPECT_EQ(problems_of(R"("sort": "-orders")", R"("sort": "-order")"),
            "tiles[3].sort: There is no measure or dimension of the tile \"order\". Did you mean \"orders\"?");
}

TEST(DashboardReader, RefusesWhatCannotBe) {
  EXPECT_EQ(problems_of(R"("of": ["revenue", "orders"])", R"("of": ["revenue", "average_order"])"),
            "metrics.measures[2].of[1]: A ratio cannot be of another ratio.");
  EXPECT_EQ(problems_of("[0, 0.5, 10]", "[0, 10, 0.5]"),
            "metrics.dimensions[3].bins: \"bins\" must be 2 to 200 numbers, from the smallest up.\n"
            "tiles[6].by: A histogram is by a dimension with \"bins\"; \"price\" has none.");
  EXPECT_EQ(problems_of(R"("source": "orders", "time")", R"("source": "orders", "sql": "SELECT 1", "time")"),
            "metrics: Metrics need \"source\", a dataset, or \"sql\", one SELECT over datasets.");
  EXPECT_EQ(problems_of(R"("name": "orders", "agg": "count")", R"("name": "revenue", "agg": "count")").substr(0, 59),
            "metrics.measures[1]: The name \"revenue\" is there twice.\nmet");
  EXPECT_EQ(problems_of(R"("grain": "day")", R"("grain": "hour")"),
            "tiles[2].grain: The smallest grain of these metrics is day.");
  EXPECT_EQ(problems_of(R"("limit": 5)", R"("limit": 0)"),
            "tiles[2].limit: \"limit\" must be an integer from 1 to 1000.");
  EXPECT_EQ(problems_of(R"("period": "last_90_days")", R"("period": "lst_90_days")").substr(0, 37),
            "period: A period must be today, yeste");
  EXPECT_EQ(problems_of(R"("rows": "country", "columns": "category")", R"("rows": "country", "columns": "country")"),
            "tiles[4].columns: The dimension \"country\" is there twice.");
  EXPECT_EQ(problems_of(R"("type": "card", "measure")", R"("type": "card", "rows": 1, "measure")"),
            "tiles[0].rows: A tile of the type card has no key \"rows\". Known are type, title, description, metrics, "
            "where, width, height, measure, compare or spark.");
  EXPECT_EQ(problems_of(R"("of": "amount", "q")", R"("of": "status", "q")"),
            "metrics.measures[3].of: \"status\" is VARCHAR, and must be a number.");
  EXPECT_EQ(problems_of(R"("time": "ts")", R"("time": "country")"),
            "metrics.time: \"country\" is VARCHAR, and must be a date or time.");
  EXPECT_EQ(problems_of(R"("status": ["paid", null])", R"("state": ["paid", null])"),
            "metrics.measures[4].where.state: Dataset \"orders\" has no column \"state\". Did you mean \"status\"?");
}

TEST(DashboardReader, CountsProblemsUpToALimit) {
  Json tiles = Json::Array{};
  for (int i = 0; i < 60; ++i) tiles.push(document(R"({"type": "nosuch", "a": 1, "b": 2})"));
  Json json = document(R"({"x1":1,"x2":2})");
  for (int i = 3; i < 200; ++i) json.set("x" + std::to_string(i), 1);
  json.set("tiles", std::move(tiles));
  DashboardProblems problems;
  dashboard_from_json(json, problems);
  EXPECT_EQ(problems.size(), 100U);
  EXPECT_TRUE(has_errors(problems));
}

TEST(DashboardReader, SurvivesEveryKindOfValueAnywhere) {
  const Json good = document(kGood);
  for (const char* value : {"null", "1", "-1.5", "\"\"", "\"x\"", "true", "[]", "{}", "[[]]", "[{}]", R"({"a":{}})"}) {
    for (const auto& [key, member] : good.as_object()) {
      Json json = good;
      json.set(key, document(value));
      DashboardProblems problems;
      dashboard_from_json(json, problems);
    }
    for (const char* list : {"dimensions", "measures"}) {
      Json metrics = good.at("metrics");
      metrics.set(list, document(value));
      Json json = good;
      json.set("metrics", std::move(metrics));
      DashboardProblems problems;
      dashboard_from_json(json, problems);
    }
  }
}

// protocol/dashboard.schema.json is what editors know of the format.
TEST(DashboardReader, HasTheKeysOfTheSchema) {
  std::ostringstream text;
  text << std::ifstream(std::string(CANVASBACK_SOURCE_DIR) + "/protocol/dashboard.schema.json").rdbuf();
  const Json schema = Json::parse(text.str(), 64).value();
  const auto keys_of = [](const Json& object) {
    std::set<std::string> out;
    for (const auto& [key, value] : object.at("properties").as_object()) out.insert(key);
    return out;
  };
  const auto known = [](std::string_view object) {
    const std::vector<std::string> keys = dashboard_keys(object);
    return std::set<std::string>(keys.begin(), keys.end());
  };
  EXPECT_EQ(keys_of(schema), known("dashboard"));
  const Json& parts = schema.at("$defs");
  std::vector<std::string> objects = dashboard_tile_types();
  for (const char* object : {"metrics", "dimension", "measure"}) objects.emplace_back(object);
  for (const std::string& object : objects) EXPECT_EQ(keys_of(parts.at(object)), known(object)) << object;
  EXPECT_EQ(parts.as_object().size(), objects.size());
}

}  // namespace
}  // namespace canvasback
