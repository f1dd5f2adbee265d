#include "engine/duckdb/plain_select.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "base/test_support.hpp"
#include "engine/duckdb/duckdb_engine.hpp"

namespace canvasback {
namespace {

class PlainSelectTest : public testing::Test {
 protected:
  std::optional<PlainSelect> of(std::string_view sql) {
    auto admitted = engine_->admit(sql, [](std::string_view) { return true; });
    EXPECT_TRUE(admitted) << sql << ": " << admitted.error().message;
    return admitted ? admitted->plain : std::nullopt;
  }
  TemporaryFolder folder_;
  std::unique_ptr<Engine> engine_ =
      open_duckdb({1, 256 * limits::kMiB, folder_.path(), 256 * limits::kMiB, {folder_.path()}}).value();
};

TEST_F(PlainSelectTest, ColumnsAndARangeOfOneTableAreRecognised) {
  const auto all = of("SELECT * FROM orders");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->table, "orders");
  EXPECT_TRUE(all->columns.empty());
  EXPECT_FALSE(all->limit);
  EXPECT_EQ(all->offset, 0);
  EXPECT_EQ(of("FROM orders")->table, "orders");
  const auto some = of("select b, \"A b\" from \"Or ders\" limit 5000000000 offset 7;");
  ASSERT_TRUE(some);
  EXPECT_EQ(some->table, "Or ders");
  EXPECT_EQ(some->columns, (std::vector<std::string>{"b", "A b"}));
  EXPECT_EQ(some->limit, 5'000'000'000);
  EXPECT_EQ(some->offset, 7);
  EXPECT_EQ(of("SELECT * FROM orders LIMIT 0")->limit, 0);
}

TEST_F(PlainSelectTest, WhateverElseIsInAStatementLeavesItToTheEngine) {
  for (const char* sql : {"SELECT a AS b FROM t",
                          "SELECT a, a FROM t",
                          "SELECT t.a FROM t",
                          "SELECT * FROM t AS u",
                          "SELECT * FROM t u(x)",
                          "SELECT * EXCLUDE (a) FROM t",
                          "SELECT * REPLACE (1 AS a) FROM t",
                          "SELECT COLUMNS('a') FROM t",
                          "SELECT t.* FROM t",
                          "SELECT * RENAME (a AS b) FROM t",
                          "SELECT *, a FROM t",
                          "SELECT a + 1 FROM t",
                          "SELECT 1 FROM t",
                          "SELECT count(*) FROM t",
                          "SELECT DISTINCT * FROM t",
                          "SELECT * FROM t WHERE a = 1",
                          "SELECT a FROM t GROUP BY a",
                          "SELECT a FROM t GROUP BY ALL",
                          "SELECT * FROM t ORDER BY a",
                          "SELECT * FROM t LIMIT 10%",
                          "SELECT * FROM t LIMIT 1 + 1",
                          "SELECT * FROM t LIMIT $1",
                          "SELECT * FROM t LIMIT (SELECT 1)",
                          "SELECT * FROM t LIMIT 1.5",
                          "SELECT * FROM t LIMIT NULL OFFSET 1 + 1",
                          "SELECT * FROM t TABLESAMPLE 10%",
                          "SELECT * FROM t USING SAMPLE 5",
                          "SELECT * FROM t, u",
                          "SELECT * FROM t JOIN u USING (a)",
                          "SELECT * FROM (SELECT * FROM t)",
                          "WITH u AS (SELECT 1) SELECT * FROM t",
                          "SELECT * FROM t UNION ALL SELECT * FROM t",
                          "SELECT * FROM t QUALIFY row_number() OVER () = 1",
                          "SELECT * FROM range(3)",
                          "VALUES (1)",
                          "SELECT 1",
                          "SELECT a.b FROM t"}) {
    EXPECT_FALSE(of(sql)) << sql;
  }
}

}  // namespace
}  // namespace canvasback
