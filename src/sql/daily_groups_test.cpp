// That the numbers are the same is shown on the engine in tests/functional/test_rollups.py.
#include "sql/daily_groups.hpp"

#include <gtest/gtest.h>

#include "query/dashboard_fields.hpp"

namespace canvasback {
namespace {

MetricsModel model() {
  DashboardProblems problems;
  MetricsModel out = metrics_from_json(Json::parse(R"({"source": "s", "time": "t",
        "dimensions": ["a", "b", {"name": "h", "part": "hour"}],
        "measures": [{"name": "sum", "agg": "sum", "of": "m"}, {"name": "rows", "agg": "count"},
                     {"name": "mean", "agg": "average", "of": "m"},
                     {"name": "kinds", "agg": "distinct", "of": "a"}]})")
                                           .value(),
                                       "metrics", problems);
  EXPECT_TRUE(problems.empty());
  return out;
}

MetricsSource source() {
  MetricsSource out;
  out.relation = "r";
  for (const auto& [name, type] :
       {std::pair{"t", "TIMESTAMP"}, {"a", "VARCHAR"}, {"b", "INTEGER"}, {"m", "DECIMAL(12,2)"}}) {
    out.shape.columns.push_back({name, type, {}, {}, {}});
  }
  return out;
}

class DailyGroupsTest : public testing::Test {
 protected:
  MetricsPlan plan(std::vector<std::string> measures, MetricsPeriods periods = {}, const char* where = "{}") const {
    MetricsQuery query;
    query.measures = std::move(measures);
    query.where = conditions_from_json(Json::parse(where).value()).value();
    return MetricsPlan::make(model_, source_, query, periods).value();
  }

  DailyGroups made() const {
    return {"g", {"b", "a"}, {"INTEGER", "VARCHAR"}, plan({"sum", "rows", "mean"}).leaf_texts()};
  }

  std::string sql(const MetricsPlan& plan, const GroupKeys& keys) const {
    const auto statement = groups_sql_from(made(), plan, source_.clock, keys).value();
    return statement ? statement->sql : std::string();
  }

  const MetricsModel model_ = model();
  const MetricsSource source_ = source();
};

TEST_F(DailyGroupsTest, GroupsAreMadeOfGroups) {
  const MetricsPeriods days{DayRange{10, 40}, {}};
  EXPECT_EQ(sql(plan({"rows"}, days), {Grain::Month, {"a"}, false}),
            "SELECT s.t AS t, k0 AS d0, CAST(COALESCE(sum(a0), 0) AS BIGINT) AS l0 FROM (SELECT t, d0 AS k0, l0 AS a0 "
            "FROM (SELECT CAST(date_trunc('month', CAST(CAST(t AS TIMESTAMP) AS DATE)) AS DATE) AS t, d1 AS d0, "
            "CAST(l1 AS BIGINT) AS l0 FROM g WHERE (t >= DATE '1970-01-11' AND t < DATE '1970-02-10'))) AS s "
            "GROUP BY s.t, k0");
}

TEST_F(DailyGroupsTest, LeavesAreFoundByWhatTheyAre) {
  const std::string both = sql(plan({"mean"}), {Grain::None, {}, false});
  EXPECT_NE(both.find("CAST(l0 AS DECIMAL(38,2)) AS l0"), std::string::npos) << both;
  EXPECT_NE(both.find("CAST(l2 AS BIGINT) AS l1"), std::string::npos) << both;
}

TEST_F(DailyGroupsTest, ConditionsAreOnTheirColumns) {
  const MetricsPlan narrow = plan({"rows"}, {}, R"({"a": "x", "b": {"not": [1]}})");
  const auto statement = groups_sql_from(made(), narrow, source_.clock, {Grain::None, {}, false}).value();
  ASSERT_TRUE(statement);
  EXPECT_NE(statement->sql.find("\"d1\""), std::string::npos) << statement->sql;
  EXPECT_NE(statement->sql.find("\"d0\""), std::string::npos) << statement->sql;
  EXPECT_EQ(statement->parameters, (std::vector<std::string>{"x", "1"}));
}

TEST_F(DailyGroupsTest, PeriodsThatOverlapHaveRowsOfTheirOwn) {
  const std::string beside = sql(plan({"rows"}, {DayRange{10, 20}, DayRange{0, 10}}), {Grain::None, {}, false});
  EXPECT_NE(beside.find("CASE WHEN"), std::string::npos) << beside;
  const std::string over = sql(plan({"rows"}, {DayRange{10, 20}, DayRange{5, 15}}), {Grain::None, {}, false});
  EXPECT_NE(over.find("UNION ALL"), std::string::npos) << over;
  EXPECT_TRUE(over.ends_with("GROUP BY p")) << over;
}

TEST_F(DailyGroupsTest, WhatGroupsDoNotHaveIsMadeOfRows) {
  EXPECT_EQ(sql(plan({"kinds"}), {Grain::None, {"a"}, false}), "") << "distinct values cannot be merged";
  EXPECT_EQ(sql(plan({"rows"}), {Grain::None, {"h"}, false}), "") << "no such dimension";
  EXPECT_EQ(sql(plan({"rows"}), {Grain::Hour, {}, false}), "");
  EXPECT_EQ(sql(plan({"rows"}, {}, R"({"h": 3})"), {Grain::None, {}, false}), "") << "a condition on another column";
  EXPECT_EQ(sql(plan({"rows"}), {Grain::None, {"a"}, true}), "") << "the rest is of rows";
}

}  // namespace
}  // namespace canvasback
