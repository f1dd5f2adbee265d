#include "engine/duckdb/number_aggregates.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/duckdb/test_support.hpp"

namespace canvasback {
namespace {

class NumberAggregates : public testing::Test {
 protected:
  std::vector<std::string> run(const std::string& sql) { return rows_of(*engine_, {sql, {}, {}, {}, 1}); }
  double number(const std::string& sql) {
    const auto rows = run(sql);
    return rows.size() == 1 ? std::strtod(rows[0].c_str(), nullptr) : std::nan("");
  }
  std::unique_ptr<Engine> engine_ = open_engine({});
};

using Rows = std::vector<std::string>;

TEST_F(NumberAggregates, SumsLoseNothing) {
  const std::string values = "FROM (VALUES (1e16), (1e0), (-1e16), (1e0), (NULL)) t(x)";
  EXPECT_EQ(run("SELECT compensated_sum(x), compensated_mean(x) " + values), Rows{"2|0.5"});
  EXPECT_EQ(run("SELECT compensated_mean(x) FROM (VALUES (1e308), (1.5e308), (1.4e308)) t(x)"), Rows{"1.3e+308"});
  EXPECT_EQ(run("SELECT compensated_sum(x) FROM (VALUES (1e308), (1e308), (-1e308), (1e0), (-1e308)) t(x)"), Rows{"1"});
  EXPECT_EQ(run("SELECT compensated_sum(x), compensated_mean(x) FROM (VALUES (NULL::DOUBLE)) t(x)"), Rows{"null|null"});
  EXPECT_EQ(run("SELECT compensated_sum(x) FROM (VALUES ('inf'::DOUBLE), (1)) t(x)"), Rows{"inf"});
  EXPECT_EQ(run("SELECT compensated_sum(x) FROM (VALUES ('inf'::DOUBLE), ('-inf'), (1)) t(x)"), Rows{"nan"});
}

TEST_F(NumberAggregates, SpreadsOfDoublesFarFromZero) {
  EXPECT_NEAR(number("SELECT spread_std(1e9 + (i % 7) * 1e-6) FROM range(400) t(i)"), 2.0068880987589987e-06, 1e-18);
  EXPECT_NEAR(number("SELECT spread_std(x) / 1e308 FROM (VALUES (1e308), (-1e308), (1e308)) t(x)"), 1.1547005383792515,
              1e-15);
  EXPECT_NEAR(number("SELECT spread_std(x) FROM (VALUES (1e-200), (3e-200)) t(x)"), std::sqrt(2) * 1e-200, 1e-214);
  EXPECT_EQ(run("SELECT spread_variance(x) FROM (VALUES (1e308), (-1e308)) t(x)"),
            Rows{"InvalidData: Invalid Input Error: VARSAMP is out of range!"});
  EXPECT_EQ(run("SELECT spread_std(x) FROM (VALUES (1e0)) t(x)"), Rows{"null"});
}

TEST_F(NumberAggregates, AFirstValueFarFromTheOthers) {
  // About the first value alone the others' spread would be lost: 1e15 to 1e-3 are 18 digits, and 36 of squares.
  const std::string values =
      "FROM (SELECT i, CASE WHEN i = 0 THEN 1e15 ELSE (i % 2) * 1e-3 END AS x "
      "FROM range(1000001) t(i))";
  const double all = number("SELECT spread_std(x) " + values);
  EXPECT_NEAR(all / (1e15 / std::sqrt(1000001.0)), 1, 1e-12);
}

TEST_F(NumberAggregates, SpreadsOfIntegersOf128Bits) {
  const double wanted = std::sqrt(99 * 100 * 101 / 12.0 / 99);  // of 0 to 99
  EXPECT_NEAR(number("SELECT integer_std(1180591620717411303424::HUGEINT + i::HUGEINT) FROM range(100) t(i)"), wanted,
              1e-13);
  EXPECT_NEAR(number("SELECT integer_variance(x) FROM (VALUES (CAST('99999999999999999999999999999999999.25' AS "
                     "DECIMAL(38,2))), (CAST('99999999999999999999999999999999999.27' AS DECIMAL(38,2)))) t(x)"),
              2, 0);
  EXPECT_NEAR(number("SELECT integer_std(x) / 1e38 FROM (VALUES (CAST('-170141183460469231731687303715884105727' AS "
                     "HUGEINT)), (CAST('170141183460469231731687303715884105727' AS HUGEINT))) t(x)"),
              2 * 1.7014118346046923 / std::sqrt(2), 1e-14);
}

TEST_F(NumberAggregates, GroupsOfManyThreads) {
  const auto rows =
      run("SELECT i % 3 AS g, round(spread_std(1e12 + (i // 3) % 2), 9), round(compensated_mean(1e0), 3), "
          "count(*) FROM range(3000000) t(i) GROUP BY g ORDER BY g");
  EXPECT_EQ(rows, (Rows{"0|0.50000025|1|1000000", "1|0.50000025|1|1000000", "2|0.50000025|1|1000000"}));
}

}  // namespace
}  // namespace canvasback
