// That every measure means what it should is shown on the engine in tests/functional/test_aggregate.py.
#include "sql/analysis_sql.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(AnalysisSql, EveryMeasureIsWritten) {
  Dataset dataset;
  dataset.name = "d";
  dataset.columns.push_back({"x", "DOUBLE", {}, {}, {}});
  ASSERT_FALSE(measure_functions().empty());
  for (std::string_view function : measure_functions()) {
    Analysis analysis;
    analysis.kind = Analysis::Kind::Aggregate;
    analysis.measures.push_back({std::string(function), "x", 0.25, "m"});
    const auto statement = analysis_sql(dataset, analysis, Selection());
    ASSERT_TRUE(statement) << function;
    EXPECT_TRUE(statement->sql.starts_with("SELECT ")) << statement->sql;
    EXPECT_NE(statement->sql.find("\"x\""), std::string::npos) << function;
    EXPECT_NE(statement->sql.find(") AS \"m\" FROM "), std::string::npos) << statement->sql;
  }
}

TEST(AnalysisSql, OtherNamesOfAMeasureAreTheSame) {
  EXPECT_EQ(measure_function_named("avg"), "mean");
  EXPECT_EQ(measure_function_named("stddev"), "std");
  EXPECT_EQ(measure_function_named("median"), "median");
  EXPECT_EQ(measure_function_named("no such"), "");
}

}  // namespace
}  // namespace canvasback
