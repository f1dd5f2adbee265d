// That the numbers are right is shown on the engine in tests/functional/test_dashboards.py.
#include "sql/metrics_sql.hpp"

#include <gtest/gtest.h>

#include "query/dashboard_fields.hpp"

namespace canvasback {
namespace {

MetricsModel model() {
  DashboardProblems problems;
  MetricsModel out = metrics_from_json(Json::parse(R"({"source": "s", "time": "t",
        "dimensions": ["a", {"name": "h", "part": "hour"}, {"name": "e", "expression": "x + 1"}],
        "measures": [{"name": "sum", "agg": "sum", "of": "m", "scale": 2}, {"name": "rows", "agg": "count"},
                     {"name": "mean", "agg": "average", "of": "m"},
                     {"name": "ratio", "agg": "ratio", "of": ["sum", "rows"]},
                     {"name": "some", "agg": "count", "where": {"h": [1, 2]}},
                     {"name": "kinds", "agg": "distinct", "of": "a"},
                     {"name": "about", "agg": "distinct", "of": "a", "approximate": true},
                     {"name": "x", "agg": "sum", "of": "x"}, {"name": "text", "agg": "sum", "of": "a"}]})")
                                           .value(),
                                       "metrics", problems);
  EXPECT_TRUE(problems.empty());
  return out;
}

MetricsSource source() {
  MetricsSource out;
  out.relation = "r";
  out.shape.name = "s";
  for (const auto& [name, type] :
       {std::pair{"t", "TIMESTAMP"}, {"a", "VARCHAR"}, {"m", "DECIMAL(12,2)"}, {"x", "DOUBLE"}, {"d:e", "BIGINT"}}) {
    out.shape.columns.push_back({name, type, {}, {}, {}});
  }
  return out;
}

class MetricsSqlTest : public testing::Test {
 protected:
  Result<MetricsPlan> plan(std::vector<std::string> measures, std::vector<std::string> dimensions = {},
                           MetricsPeriods periods = {}) {
    MetricsQuery query;
    query.measures = std::move(measures);
    query.dimensions = std::move(dimensions);
    query.limit = 5;
    return MetricsPlan::make(model_, source_, query, periods);
  }

  const MetricsModel model_ = model();
  const MetricsSource source_ = source();
};

TEST_F(MetricsSqlTest, SharesLeavesOfMeasures) {
  const auto made = plan({"sum", "mean", "ratio", "rows"}, {"a"});
  ASSERT_TRUE(made);
  EXPECT_EQ(
      made->groups_sql({Grain::None, {"a"}, false})->sql,
      R"(SELECT d0, sum("x0") AS l0, count("x1") AS l1, count(*) AS l2 FROM (SELECT "a" AS d0, "m" AS x0, "m" AS x1 )"
      R"(FROM r) AS s GROUP BY d0)");
  TileShape shape;
  shape.groups = "g";
  shape.dimensions = 1;
  const std::string sql = made->tile_sql(shape);
  EXPECT_NE(sql.find("AS DECIMAL(38,2)) AS m0"), std::string::npos) << sql;
  EXPECT_EQ(sql.find("avg("), std::string::npos) << "never an average of averages: " << sql;
}

TEST_F(MetricsSqlTest, BindsWhatConditionsCompareWith) {
  const auto made = plan({"some"}, {"a"});
  ASSERT_TRUE(made);
  const auto statement = made->groups_sql({Grain::None, {"a"}, false});
  ASSERT_TRUE(statement) << statement.error().message;
  EXPECT_EQ(statement->parameters, (std::vector<std::string>{"1", "2"}));
  EXPECT_NE(statement->sql.find(R"(date_part('hour', CAST("t" AS TIMESTAMP)) AS "d:h")"), std::string::npos);
}

TEST_F(MetricsSqlTest, ReadsRowsOfBothPeriodsOnceWhereTheyAreApart) {
  const auto scans = [&](DayRange now, DayRange then) {
    const auto made = plan({"rows"}, {}, {now, then});
    const std::string sql = made->groups_sql({Grain::Day, {}, false})->sql;
    return sql.find(" UNION ALL ") == std::string::npos ? 1 : 2;
  };
  EXPECT_EQ(scans({10, 20}, {0, 10}), 1);
  EXPECT_EQ(scans({10, 20}, {5, 15}), 2) << "a row of both counts in both";
}

TEST_F(MetricsSqlTest, KnowsWhatCannotBeMerged) {
  EXPECT_TRUE(plan({"sum", "ratio", "mean"})->can_merge());
  EXPECT_FALSE(plan({"sum", "kinds"})->can_merge());
  EXPECT_FALSE(plan({"about"})->can_merge());
}

TEST_F(MetricsSqlTest, SaysWhatIsNotExact) {
  const auto made = plan({"sum", "x", "about", "kinds", "ratio"});
  EXPECT_TRUE(made->exactness(0).exact);
  EXPECT_FALSE(made->exactness(1).exact) << "a sum of doubles";
  EXPECT_FALSE(made->exactness(2).exact);
  EXPECT_GT(made->exactness(2).error, 0);
  EXPECT_TRUE(made->exactness(3).exact);
  EXPECT_TRUE(made->exactness(4).exact);
}

TEST_F(MetricsSqlTest, RefusesWhatItCannotMeasure) {
  EXPECT_FALSE(plan({"nosuch"}));
  EXPECT_FALSE(plan({"text"})) << "a sum of texts";
  EXPECT_FALSE(plan({"rows"}, {"nosuch"}));
}

TEST_F(MetricsSqlTest, PutsExpressionsIntoTheRelation) {
  const auto expressions = expressions_of(model_);
  ASSERT_EQ(expressions.size(), 1U);
  EXPECT_EQ(relation_with("r", expressions), "(SELECT *, (x + 1\n) AS \"d:e\" FROM r)");
  const auto made = plan({"rows"}, {"e"});
  EXPECT_NE(made->groups_sql({Grain::None, {"e"}, false})->sql.find("\"d:e\" AS d0"), std::string::npos);
}

}  // namespace
}  // namespace canvasback
