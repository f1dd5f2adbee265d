#include "query/metrics_query.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

Dashboard dashboard() {
  DashboardProblems problems;
  Dashboard out = dashboard_from_json(
      Json::parse(R"({"title": "x", "compare": "previous_period",
        "metrics": {"source": "s", "time": "t", "dimensions": ["a", {"name": "b", "top": 5}],
                    "measures": [{"name": "n", "agg": "count"}, {"name": "m", "agg": "max", "of": "v"}]},
        "tiles": [{"type": "card", "measure": "n"}, {"type": "line", "measure": "n", "by": "a"},
                  {"type": "line", "measure": "n", "by": "b", "grain": "week", "limit": 20, "compare": "year_before"},
                  {"type": "table", "measures": ["n", "m"], "by": "b", "sort": "-m"},
                  {"type": "pivot", "measure": "n", "rows": "a", "columns": "b"}]})")
          .value(),
      problems);
  EXPECT_TRUE(problems.empty());
  return out;
}

TEST(MetricsQuery, TakesTheChoicesOfItsTile) {
  const Dashboard all = dashboard();
  const MetricsQuery card = metrics_query_of(all.tiles[0], all, {});
  EXPECT_EQ(card.compare, Comparison::PreviousPeriod) << "the dashboard's";
  EXPECT_EQ(card.spark, Grain::Day);
  EXPECT_FALSE(card.has_time());
  const MetricsQuery line = metrics_query_of(all.tiles[1], all, {});
  EXPECT_EQ(line.compare, Comparison::None) << "charts are compared where they say so";
  EXPECT_TRUE(line.grain_fits);
  EXPECT_EQ(line.limit, 8);
  EXPECT_TRUE(line.has_rest);
  const MetricsQuery week = metrics_query_of(all.tiles[2], all, {});
  EXPECT_EQ(week.grain, Grain::Week);
  EXPECT_EQ(week.limit, 5) << "the dimension's top";
  EXPECT_EQ(week.compare, Comparison::YearBefore);
  const MetricsQuery table = metrics_query_of(all.tiles[3], all, {});
  EXPECT_EQ(table.sort, "m");
  EXPECT_TRUE(table.descending && table.has_total && table.has_rest);
}

TEST(MetricsQuery, TakesTheChoicesOfARequest) {
  const Dashboard all = dashboard();
  MetricsChoices choices;
  choices.compare = "none";
  choices.filters = conditions_from_json(Json::parse(R"({"a": ["x"], "nosuch": [1]})").value()).value();
  const MetricsQuery card = metrics_query_of(all.tiles[0], all, choices);
  EXPECT_EQ(card.compare, Comparison::None);
  ASSERT_EQ(card.where.size(), 1U);
  EXPECT_EQ(card.where[0].name, "a");
  EXPECT_EQ(card.unused_filters, (std::vector<std::string>{"nosuch"}));
  choices.compare = "year_before";
  EXPECT_EQ(metrics_query_of(all.tiles[4], all, choices).compare, Comparison::None) << "a pivot has no comparison";
}

TEST(MetricsQuery, TravelsWhole) {
  const Dashboard all = dashboard();
  MetricsChoices choices;
  choices.filters =
      conditions_from_json(Json::parse(R"({"a": {"not": [null, 1]}, "b": {"from": 1}, "q": []})").value()).value();
  for (const DashboardTile& tile : all.tiles) {
    MetricsQuery query = metrics_query_of(tile, all, choices);
    query.search = "ä";
    query.offset = 7;
    EXPECT_EQ(to_json(metrics_query_from_json(to_json(query))).dump(), to_json(query).dump());
  }
}

TEST(MetricConditions, AreReadInEveryForm) {
  const auto text = [](const char* json) {
    const auto read = conditions_from_json(Json::parse(json).value());
    return read ? to_json(*read).dump() : std::string("refused");
  };
  EXPECT_EQ(text(R"({"a": 1, "b": [1, null], "c": {"not": "x"}, "d": {"to": 5}})"),
            R"({"a":[1],"b":[1,null],"c":{"not":["x"]},"d":{"to":5}})");
  for (const char* wrong : {"[]", "1", R"({"a": [[1]]})", R"({"a": {"nott": 1}})", R"({"a": {"not": {}}})",
                            R"({"a": {"from": [1]}})", R"({"a": {"not": 1, "from": 2}})"}) {
    EXPECT_EQ(text(wrong), "refused") << wrong;
  }
}

}  // namespace
}  // namespace canvasback
