// A cheaper statement gives what the user's gives, row by row and name by name; and others are left as they are.
#include "engine/duckdb/cheaper.hpp"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "engine/duckdb/test_support.hpp"

namespace canvasback {
namespace {

class CheaperTest : public testing::Test {
 protected:
  CheaperTest() {
    // u has NULLs, and a few values that come often; v is never the same twice.
    const std::string rows =
        "(SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE 'user' || (i % 50) END AS u, i AS t, (i * 7919 % 100003) / 8.0 AS "
        "v, i % 3 AS g FROM range(20000) AS r(i))";
    EXPECT_TRUE(engine_->define_view("t", "1", rows));
  }
  std::vector<std::string> names_of(const std::string& sql) {
    auto stream = engine_->execute({sql, {}, {}, {}, 1}, CancelToken());
    EXPECT_TRUE(stream) << sql;
    return stream ? (*stream)->schema()->field_names() : std::vector<std::string>();
  }
  std::vector<std::string> run(const std::string& sql) { return rows_of(*engine_, {sql, {}, {}, {}, 1}); }

  std::unique_ptr<Engine> engine_ = open_engine({});
};

TEST_F(CheaperTest, QuantilesOfOneValueBecomeOneAggregate) {
  for (const char* sql : {
           "SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY v) AS p25, percentile_cont(0.5) WITHIN GROUP "
           "(ORDER BY v) AS median, percentile_cont(0.75) WITHIN GROUP (ORDER BY v) AS p75 FROM t",
           "SELECT quantile_cont(v, 0.1), quantile_cont(v, 0.9), count(*) FROM t WHERE v > 10",
           "SELECT g, quantile_cont(v, 0.5) - quantile_cont(v, 0.25) AS d, quantile_cont(v, 0.5::DOUBLE) FROM t "
           "GROUP BY g ORDER BY g",
           "SELECT g, quantile_cont(v, 0.5) FILTER (WHERE v > 9) AS a, quantile_cont(v, 0.9) FILTER (WHERE v > 9) "
           "AS b, quantile_cont(v, 0.5) AS c FROM t GROUP BY ALL ORDER BY ALL",
           "SELECT quantile_cont(v, 0.1), quantile_cont(v, 0.9) FROM t WHERE false",
       }) {
    const std::string made = engine_->cheaper_statement(sql);
    ASSERT_FALSE(made.empty()) << sql;
    EXPECT_NE(made.find("list_value"), std::string::npos) << made;
    EXPECT_EQ(run(made), run(sql)) << made;
    EXPECT_EQ(names_of(made), names_of(sql)) << made;
  }
}

TEST_F(CheaperTest, OnlyThePartitionsOfTheFirstRowsAreComputed) {
  for (const char* sql : {
           "SELECT u, t, avg(v) OVER (PARTITION BY u ORDER BY t ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS m "
           "FROM t LIMIT 100",
           "SELECT *, row_number() OVER (PARTITION BY g, u ORDER BY t), sum(v) OVER (PARTITION BY u) FROM t "
           "WHERE t > 100 AND u IS NOT NULL LIMIT 20 OFFSET 5",
           "SELECT u, t, count(*) OVER (PARTITION BY u) AS n FROM t WHERE u IS NULL OR t > 19990 LIMIT 5000",
       }) {
    const std::string made = engine_->cheaper_statement(sql);
    ASSERT_FALSE(made.empty()) << sql;
    EXPECT_EQ(names_of(made), names_of(sql));
    // Any rows will do, as many as before, and each as it would be among all of them.
    const std::string whole = std::string(sql).substr(0, std::string(sql).find(" LIMIT"));
    EXPECT_EQ(run("SELECT count(*) FROM (" + made + ")"), run("SELECT count(*) FROM (" + std::string(sql) + ")"));
    EXPECT_EQ(run("SELECT count(*) FROM ((" + made + ") EXCEPT ALL (" + whole + "))"), std::vector<std::string>{"0"});
  }
}

TEST_F(CheaperTest, OthersStayAsTheyAre) {
  for (const char* sql : {
           "SELECT quantile_cont(v, 0.5) FROM t",
           "SELECT quantile_cont(v, 0.5), quantile_cont(t, 0.9) FROM t",
           "SELECT quantile_cont(v, 0.5), quantile_disc(v, 0.9) FROM t",
           "SELECT quantile_cont(v, [0.5]), quantile_cont(v, [0.9]) FROM t",
           "SELECT percentile_cont(0.1) WITHIN GROUP (ORDER BY v DESC), percentile_cont(0.2) WITHIN GROUP "
           "(ORDER BY v DESC) FROM t",
           "SELECT quantile_cont(v, 0.5), quantile_cont(v, nosuch) FROM t",
           "SELECT u, sum(v) OVER (ORDER BY t) FROM t LIMIT 10",
           "SELECT u, sum(v) OVER (PARTITION BY u) FROM t ORDER BY t LIMIT 10",
           "SELECT u, sum(v) OVER (PARTITION BY u), sum(v) OVER (PARTITION BY g) FROM t LIMIT 10",
           "SELECT DISTINCT sum(v) OVER (PARTITION BY u) FROM t LIMIT 10",
           "SELECT u, sum(sum(v)) OVER (PARTITION BY u) FROM t GROUP BY u LIMIT 10",
           "SELECT u, sum(v) OVER (PARTITION BY u) FROM t WHERE random() < 0.5 LIMIT 10",
           "SELECT lower(u) AS u, sum(v) OVER (PARTITION BY u) FROM t LIMIT 10",
           "SELECT t AS u, sum(v) OVER (PARTITION BY u) FROM t LIMIT 10",
           "SELECT u, sum(v) OVER (PARTITION BY u) AS s FROM t QUALIFY s > 5 LIMIT 10",
           "SELECT u, sum(v) OVER (PARTITION BY u) FROM t TABLESAMPLE 10 ROWS LIMIT 10",
           "SELECT u, sum(v) OVER (PARTITION BY u) FROM t LIMIT 1000000",
           "WITH t AS (SELECT 1 AS u, 2 AS v) SELECT u, sum(v) OVER (PARTITION BY u) FROM t LIMIT 10",
       }) {
    EXPECT_EQ(engine_->cheaper_statement(sql), "") << sql;
  }
}

}  // namespace
}  // namespace canvasback
