#include "server/profile_table.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

Json parsed(std::string_view text) { return Json::parse(text).value(); }

TEST(ProfileTable, BarsAreRelativeToTheHighestAndNeverLoseACount) {
  EXPECT_EQ(spark_line(parsed("[0, 1, 4, 8, 1000000]")), " ▁▁▁█");
  EXPECT_EQ(spark_line(parsed("[4, 2, 1]")), "█▄▂");
  EXPECT_EQ(spark_line(parsed("[0, 0]")), "  ");
  EXPECT_EQ(spark_line(parsed("[]")), "");
}

TEST(ProfileTable, NumbersShowTheirHistogramTextsTheirMostFrequentValue) {
  const std::string text = render_profile(parsed(R"({"dataset": "d", "type": "profile", "rows": 1000, "columns": [
      {"name": "n", "type": "BIGINT", "count": 900, "nulls": 100, "min": 1, "max": 12345, "mean": 2.5,
       "distinct": 1234, "distinct_exact": false, "quantiles": {"0.5": 7}, "top": [],
       "histogram": {"from": 1, "to": 12345, "counts": [1, 2]}},
      {"name": "t", "type": "VARCHAR", "count": 1000, "nulls": 0, "min": "a", "max": "b", "mean": null,
       "distinct": 2, "distinct_exact": true, "top": [{"value": "a", "count": 750}]}]})"),
                                          200);
  EXPECT_NE(text.find("d: 1,000 rows, 2 columns"), std::string::npos) << text;
  EXPECT_NE(text.find("10.0 %"), std::string::npos) << text;
  EXPECT_NE(text.find("~1,234"), std::string::npos) << text;
  EXPECT_NE(text.find("12,345"), std::string::npos) << text;
  EXPECT_NE(text.find("▄█"), std::string::npos) << text;
  EXPECT_NE(text.find("75.0 % a"), std::string::npos) << text;
}

TEST(ProfileTable, QualityShowsScoreDuplicatesAndFindings) {
  const std::string text = render_profile(parsed(R"({"dataset": "d", "type": "quality", "rows": 10, "score": 87.5,
      "duplicate_rows": {"rows": 3, "exact": true}, "columns": [
      {"name": "n", "type": "BIGINT", "count": 5, "nulls": 5, "distinct": 5, "distinct_exact": true, "score": 70,
       "findings": [{"code": "nulls", "share": 0.5}, {"code": "outliers", "share": 0.0001}]}]})"),
                                          200);
  EXPECT_NE(text.find("score 87.5, 3 duplicate rows"), std::string::npos) << text;
  EXPECT_NE(text.find("nulls 50.0 %, outliers <0.1 %"), std::string::npos) << text;
}

}  // namespace
}  // namespace canvasback
