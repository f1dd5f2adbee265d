// That sketches are within their errors is shown on the engine in tests/functional/test_publish.py.
#include "sql/rollup_sql.hpp"

#include <gtest/gtest.h>

#include "query/dashboard_fields.hpp"

namespace canvasback {
namespace {

class RollupSqlTest : public testing::Test {
 protected:
  RollupSqlTest() {
    DashboardProblems problems;
    model_ = metrics_from_json(Json::parse(R"({"source": "s", "time": "t", "dimensions": ["a", "b"], "measures": [
        {"name": "sum", "agg": "sum", "of": "m", "scale": 2}, {"name": "rows", "agg": "count"},
        {"name": "mean", "agg": "average", "of": "m"}, {"name": "ratio", "agg": "ratio", "of": ["sum", "rows"]},
        {"name": "last", "agg": "max", "of": "t"}, {"name": "kinds", "agg": "distinct", "of": "a"},
        {"name": "middle", "agg": "quantile", "of": "m"}]})")
                                   .value(),
                               "metrics", problems);
    EXPECT_TRUE(problems.empty());
    source_.relation = "r";
    for (const auto& [name, type] :
         {std::pair{"t", "TIMESTAMP"}, {"a", "VARCHAR"}, {"b", "VARCHAR"}, {"m", "DECIMAL(12,2)"}}) {
      source_.shape.columns.push_back({name, type, {}, {}, {}});
    }
  }

  MetricsPlan plan(std::vector<std::string> measures) {
    MetricsQuery query;
    query.measures = std::move(measures);
    return *MetricsPlan::make(model_, source_, query, {DayRange{}, {}});
  }

  MetricsModel model_;
  MetricsSource source_;
};

TEST_F(RollupSqlTest, LeavesAreTold) {
  const MetricsPlan made = plan({"sum", "rows", "mean", "ratio", "last"});
  const auto shapes = made.leaf_shapes();
  ASSERT_EQ(shapes.size(), 4U) << "a sum, rows, values, the last; the average shares the sum";
  EXPECT_EQ(shapes[0].merge + " " + shapes[0].type, "sum DECIMAL(38,2)");
  EXPECT_EQ(shapes[1].merge + " " + shapes[1].type, "sum BIGINT");
  EXPECT_EQ(shapes[3].merge + " " + shapes[3].type, "max TIMESTAMP");
  EXPECT_EQ(made.leaves_of("mean"), (std::vector<std::size_t>{0, 2}));
  EXPECT_TRUE(made.leaves_of("ratio").empty());
  EXPECT_EQ(plan({"kinds"}).leaf_shapes()[0].merge, "");
}

TEST_F(RollupSqlTest, GroupsAreMadeOfGroups) {
  MergedGroups wanted;
  wanted.groups = "g";
  wanted.from = Grain::Day;
  wanted.grain = Grain::Month;
  wanted.dimensions = {1};
  wanted.measure = "mean";
  const std::string sql = plan({"rows", "mean"}).merged_groups_sql(wanted);
  EXPECT_NE(sql.find("CAST(date_trunc('month', t) AS DATE) AS t"), std::string::npos) << sql;
  EXPECT_NE(sql.find("d1 AS k0"), std::string::npos) << sql;
  EXPECT_NE(sql.find("k0 AS d0"), std::string::npos) << sql;
  EXPECT_NE(sql.find(" AS m FROM"), std::string::npos) << sql;
  EXPECT_TRUE(sql.ends_with("GROUP BY s.t, k0")) << sql;
  EXPECT_EQ(sql.find("avg("), std::string::npos) << "never an average of averages";
}

TEST_F(RollupSqlTest, SketchesMergeByMaximaAndSums) {
  const GroupKeys keys{Grain::Day, {"b"}, false};
  const auto distinct = sketch_sql(plan({"kinds"}), RollupKind::Distinct, keys);
  ASSERT_TRUE(distinct);
  EXPECT_TRUE(distinct->sql.starts_with("SELECT t, d0, k, max(n) AS n FROM")) << distinct->sql;
  EXPECT_TRUE(distinct->sql.ends_with("GROUP BY t, d0, k"));
  const auto quantile = sketch_sql(plan({"middle"}), RollupKind::Quantile, {});
  ASSERT_TRUE(quantile);
  EXPECT_TRUE(quantile->sql.starts_with("SELECT k, CAST(sum(n) AS BIGINT) AS n FROM")) << quantile->sql;
  MergedGroups wanted;
  wanted.groups = "g";
  wanted.dimensions = {1};
  EXPECT_EQ(merged_sketch_sql(wanted, RollupKind::Distinct),
            "SELECT d0, k, max(n) AS n FROM (SELECT d1 AS d0, k, n FROM g) AS s GROUP BY d0, k");
}

TEST_F(RollupSqlTest, LeavesBecomeColumnsOfAFile) {
  const auto form = [](const char* type, bool fits) { return leaf_form({"sum", type}, fits); };
  EXPECT_EQ(form("BIGINT", true), LeafForm::Integer);
  EXPECT_EQ(form("HUGEINT", true), LeafForm::Integer);
  EXPECT_EQ(form("HUGEINT", false), LeafForm::Digits);
  EXPECT_EQ(form("DECIMAL(38,2)", true), LeafForm::ScaledInteger);
  EXPECT_EQ(form("DECIMAL(38,2)", false), LeafForm::Digits);
  EXPECT_EQ(form("DOUBLE", true), LeafForm::Real);
  EXPECT_EQ(form("FLOAT", true), LeafForm::Text);
  EXPECT_EQ(form("TIMESTAMP", true), LeafForm::Text);
  EXPECT_EQ(decimal_scale("DECIMAL(38,18)"), 18);
  EXPECT_EQ(decimal_scale("BIGINT"), 0);
}

TEST_F(RollupSqlTest, WhatDoesNotFitIsCounted) {
  EXPECT_EQ(count_unfit_sql({"sum", "HUGEINT"}, "l0", "g"),
            "SELECT count(*) FROM g WHERE l0 > 9223372036854775807 OR l0 < -9223372036854775807");
  EXPECT_NE(count_unfit_sql({"sum", "DECIMAL(38,2)"}, "l0", "g").find("CAST(92233720368547758.07 AS DECIMAL(38,2))"),
            std::string::npos);
  EXPECT_NE(count_unfit_sql({"sum", "DECIMAL(38,20)"}, "l0", "g").find("CAST(0.09223372036854775807 AS"),
            std::string::npos);
  EXPECT_EQ(count_unfit_sql({"min", "UBIGINT"}, "l0", "g").find("<"), std::string::npos);
  EXPECT_EQ(count_unfit_sql({"sum", "BIGINT"}, "l0", "g"), "");
  EXPECT_EQ(count_unfit_sql({"max", "DATE"}, "l0", "g"), "");
}

}  // namespace
}  // namespace canvasback
