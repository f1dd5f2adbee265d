#include "query/rollup_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text_list.hpp"
#include "query/dashboard_reader.hpp"
#include "query/published_dashboard.hpp"

namespace canvasback {
namespace {

Dashboard dashboard_of(const std::string& tiles) {
  const std::string text = R"({"title": "T", "period": "last_90_days", "compare": "previous_period", "metrics": {
    "source": "orders", "time": "at", "dimensions": ["country", "category", "seller", {"name": "hour", "part": "hour"}],
    "measures": [{"name": "gmv", "agg": "sum", "of": "amount"}, {"name": "orders", "agg": "count"},
                 {"name": "buyers", "agg": "distinct", "of": "customer"},
                 {"name": "per_buyer", "agg": "ratio", "of": ["gmv", "buyers"]},
                 {"name": "median", "agg": "quantile", "of": "amount"}]}, "tiles": )" +
                           tiles + "}";
  const auto json = Json::parse(text);
  EXPECT_TRUE(json) << text;
  DashboardProblems problems;
  Dashboard out = dashboard_from_json(*json, problems);
  EXPECT_TRUE(problems.empty()) << problems.front().message;
  return out;
}

const std::map<std::string, std::int64_t> kValues{{"country", 61}, {"category", 30}, {"hour", 24}, {"seller", 48'000}};

std::vector<RollupWish> plan_of(const std::string& tiles, const std::vector<std::string>& filters) {
  const Dashboard dashboard = dashboard_of(tiles);
  const MetricsModel& model = dashboard.models.front();
  Json document;
  if (!filters.empty()) document.set("filters", text_list(filters));
  const RollupNeeds needs = rollup_needs(dashboard, model, filters_of(document, dashboard));
  const RollupNeeds sent = rollup_needs_from_json(to_json(needs));
  return rollup_plan(model, sent, kValues);
}

RollupWish leaves(std::vector<std::string> dimensions) {
  RollupWish out;
  out.dimensions = std::move(dimensions);
  return out;
}

bool has(const std::vector<RollupWish>& plan, const RollupWish& wish) {
  return std::ranges::find(plan, wish) != plan.end();
}

TEST(RollupPlan, TotalsComeFirstThenWhatTilesShow) {
  const auto plan = plan_of(R"([{"type": "card", "measure": "gmv"},
                                {"type": "table", "measures": ["gmv"], "by": "category"}])",
                            {"country"});
  ASSERT_GE(plan.size(), 4U);
  EXPECT_EQ(plan[0], leaves({}));
  EXPECT_EQ(plan[1], leaves({"category"}));
  EXPECT_EQ(plan[2], leaves({"country"}));
  EXPECT_EQ(plan[3], leaves({"country", "category"})) << "in the model's order, whatever the tile's is";
  const auto twice = std::ranges::count(plan, leaves({"country", "category"}));
  EXPECT_EQ(twice, 1);
}

TEST(RollupPlan, TwoFiltersOfACardAreAPair) {
  const auto plan = plan_of(R"([{"type": "card", "measure": "gmv"}])", {"country", "category"});
  EXPECT_TRUE(has(plan, leaves({"country", "category"})));
}

TEST(RollupPlan, WithoutFiltersAllDimensionsAreThem) {
  const auto plan = plan_of(R"([{"type": "card", "measure": "gmv"}])", {});
  EXPECT_TRUE(has(plan, leaves({"country", "category"})));
  EXPECT_TRUE(has(plan, leaves({"hour"})));
  EXPECT_FALSE(std::ranges::any_of(plan, [](const RollupWish& wish) {
    return std::ranges::find(wish.dimensions, "seller") != wish.dimensions.end();
  })) << "no rollup of a filter with 48,000 values";
}

TEST(RollupPlan, ManyValuesAreDetails) {
  const auto plan =
      plan_of(R"([{"type": "table", "measures": ["per_buyer", "orders", "gmv"], "by": "seller"}])", {"country"});
  RollupWish details = leaves({"seller"});
  details.details = details.compared = true;
  details.sort = "orders";  // the first that can be put together
  EXPECT_TRUE(has(plan, details));
  EXPECT_FALSE(has(plan, leaves({"seller"})));
}

TEST(RollupPlan, SketchesAreOfWhatTilesShow) {
  const auto plan = plan_of(R"([{"type": "card", "measure": "per_buyer"},
                                {"type": "table", "measures": ["median"], "by": "category"}])",
                            {"country"});
  RollupWish buyers = leaves({});
  buyers.kind = RollupKind::Distinct;
  buyers.sketch = "buyers";
  EXPECT_TRUE(has(plan, buyers));
  buyers.dimensions = {"country"};
  EXPECT_TRUE(has(plan, buyers));
  buyers.dimensions = {"category"};
  EXPECT_FALSE(has(plan, buyers)) << "no tile shows it by category";
  RollupWish median = leaves({"country", "category"});
  median.kind = RollupKind::Quantile;
  median.sketch = "median";
  EXPECT_TRUE(has(plan, median));
}

TEST(RollupPlan, TilesOfHoursHaveThem) {
  const std::string tiles = R"([{"type": "line", "measure": "gmv", "grain": "hour"}])";
  Dashboard dashboard = dashboard_of(R"([{"type": "line", "measure": "gmv"}])");
  dashboard.models.front().grain = Grain::Hour;
  dashboard.tiles.front().grain = Grain::Hour;
  const RollupNeeds needs = rollup_needs(dashboard, dashboard.models.front(), {"country"});
  const auto plan = rollup_plan(dashboard.models.front(), needs, kValues);
  RollupWish hours = leaves({});
  hours.hours = true;
  EXPECT_TRUE(has(plan, hours));
  hours.dimensions = {"country"};
  EXPECT_TRUE(has(plan, hours));
}

TEST(RollupPlan, ConditionsOfATileAreDimensionsToo) {
  const auto plan = plan_of(R"([{"type": "card", "measure": "gmv", "where": {"category": "shoes"}}])", {"country"});
  EXPECT_TRUE(has(plan, leaves({"category"})));
  EXPECT_TRUE(has(plan, leaves({"country", "category"})));
}

}  // namespace
}  // namespace canvasback
