#include "service/dashboard/explore.hpp"

#include <gtest/gtest.h>

#include "query/dashboard_reader.hpp"

namespace canvasback {
namespace {

Json proposed(const std::vector<SampledColumn>& columns) {
  Dataset dataset;
  dataset.name = "web_orders";
  Json out = explore_document(dataset, columns);
  DashboardProblems problems;
  dashboard_from_json(out, problems);
  EXPECT_TRUE(problems.empty()) << problems[0].path << ": " << problems[0].message;
  return out;
}

std::string names_of(const Json& list) {
  std::string out;
  for (const Json& item : list.as_array()) {
    out += (out.empty() ? "" : " ") + std::string(item.is_string() ? item.as_string() : item.at("name").as_string());
  }
  return out;
}

TEST(Explore, ProposesWhatOneWouldWrite) {
  const Json document = proposed({{"id", "BIGINT", 1000, 1000},
                                  {"updated_at", "TIMESTAMP", 1000, 990},
                                  {"created_at", "TIMESTAMP", 1000, 980},
                                  {"country", "VARCHAR", 990, 61},
                                  {"title", "VARCHAR", 1000, 950},
                                  {"is_new", "BOOLEAN", 1000, 2},
                                  {"amount", "DECIMAL(12,2)", 1000, 800},
                                  {"rating", "INTEGER", 700, 5},
                                  {"customer_id", "BIGINT", 1000, 400}});
  EXPECT_EQ(document.at("title").as_string(), "Web orders");
  const Json& metrics = document.at("metrics");
  EXPECT_EQ(metrics.at("time").as_string(), "created_at");
  EXPECT_EQ(names_of(metrics.at("dimensions")), "is_new rating country");
  EXPECT_EQ(names_of(metrics.at("measures")), "rows total_amount average_rating");
  EXPECT_EQ(metrics.at("measures").as_array()[1].at("scale").as_int(), 2);
}

TEST(Explore, DoesWithoutTimeDimensionsOrNumbers) {
  EXPECT_EQ(proposed({}).dump(),
            R"({"title":"Web orders","metrics":{"source":"web_orders","measures":[{"name":"rows","label":"Rows",)"
            R"("agg":"count"}]},"tiles":[{"type":"card","measure":"rows","width":3}]})");
  const Json document = proposed({{"rows", "VARCHAR", 100, 3}, {"day", "DATE", 0, 0}});
  EXPECT_EQ(names_of(document.at("metrics").at("measures")), "row_count") << "a dimension has the name";
}

TEST(Explore, CountsASampleOfEachColumn) {
  Dataset dataset;
  dataset.name = "x \"y\"";
  dataset.columns = {{"a", "VARCHAR", {}, {}, {}}, {"b", "STRUCT(x INTEGER)", {}, {}, {}}, {"c", "DOUBLE", {}, {}, {}}};
  const auto columns = sampled_columns(dataset);
  ASSERT_EQ(columns.size(), 2U) << "what is nested neither splits nor adds up";
  EXPECT_EQ(sample_metrics(dataset, columns, true).dump(),
            R"({"sql":"SELECT * FROM \"x \"\"y\"\"\" LIMIT 200000","measures":[{"name":"n0","agg":"distinct","of":"a",)"
            R"("approximate":true},{"name":"n1","agg":"distinct","of":"c","approximate":true}]})");
}

}  // namespace
}  // namespace canvasback
