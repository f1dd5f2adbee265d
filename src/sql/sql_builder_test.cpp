// The text of the SQL; that it means what it should is shown on the engine in worker/roles/query/rows_test.cpp.
#include "sql/sql_builder.hpp"

#include <gtest/gtest.h>

#include "record/text_reading.hpp"

namespace canvasback {
namespace {

Dataset dataset(DatasetKind kind = DatasetKind::Parquet) {
  Dataset out;
  out.name = "it's";
  out.kind = kind;
  out.files = {{"/d/o'neil.parquet", 1, 2, 3, 10, {10}}};
  if (kind == DatasetKind::Csv) out.text = std::make_shared<const TextReading>();
  out.columns = {{"id", "BIGINT", {}, {}, {}}, {"a\"b", "VARCHAR", {}, {}, {}}, {"p", "DECIMAL(12,2)", {}, {}, {}}};
  return out;
}

SqlStatement filtered(std::string_view filter) {
  Selection selection;
  selection.filter = *Json::parse(filter);
  return rows_sql(dataset(), selection, nullptr, false).value();
}

TEST(SqlBuilder, RelationsQuoteTheirPaths) {
  EXPECT_EQ(relation_sql(dataset()),
            "read_parquet(['/d/o''neil.parquet'], hive_partitioning=false, can_have_nan=true)");
  EXPECT_EQ(relation_sql(dataset(DatasetKind::Arrow)), "arrow_files('it''s')");
  EXPECT_EQ(relation_sql(dataset(DatasetKind::Csv)),
            R"((SELECT c0 AS "id", c1 AS "a""b", c2 AS "p" FROM part_rows('it''s')))");
}

TEST(SqlBuilder, ValuesAreParametersAndNamesAreQuoted) {
  const SqlStatement statement = filtered(R"({"a\"b":"'; DROP TABLE x; --"})");
  EXPECT_NE(statement.sql.find(R"("a""b" = $1)"), std::string::npos) << statement.sql;
  EXPECT_EQ(statement.parameters, std::vector<std::string>{"'; DROP TABLE x; --"});
  EXPECT_EQ(statement.sql.find("DROP"), std::string::npos);
}

TEST(SqlBuilder, OnlyWhatIsAskedForIsSelected) {
  Selection selection;
  selection.columns = {"p", "id"};
  selection.limit = 5;
  selection.offset = 7;
  const SqlStatement statement = rows_sql(dataset(DatasetKind::Csv), selection, nullptr, false).value();
  EXPECT_TRUE(statement.sql.starts_with(R"(SELECT "p", "id" FROM (SELECT c0 AS "id")")) << statement.sql;
  EXPECT_TRUE(statement.sql.ends_with(" LIMIT 5 OFFSET 7"));
  EXPECT_EQ(statement.hidden_columns, 0);
}

TEST(SqlBuilder, PlacesBreakTiesAndAreCounted) {
  Selection selection;
  selection.sort = {{"p", true}, {"id", false}};
  const SqlStatement statement = rows_sql(dataset(), selection, nullptr, true).value();
  EXPECT_EQ(statement.hidden_columns, 4);
  EXPECT_EQ(statement.sort_value_columns, 2);
  EXPECT_NE(statement.sql.find(R"(ORDER BY "p" DESC NULLS LAST, "id" ASC NULLS LAST, "file_index", "file_row_number")"),
            std::string::npos)
      << statement.sql;
}

TEST(SqlBuilder, ACursorMustFitTheSort) {
  Selection selection;
  selection.sort = {{"p", false}};
  Cursor cursor;
  cursor.version = "v";
  cursor.file_index = 0;
  cursor.file_row = 3;
  EXPECT_FALSE(rows_sql(dataset(), selection, &cursor, true)) << "no value for the key";
  cursor.values = {"1.5"};
  EXPECT_TRUE(rows_sql(dataset(), selection, &cursor, true));
  cursor.file_index = -1;
  EXPECT_FALSE(rows_sql(dataset(), selection, &cursor, true));
}

TEST(SqlBuilder, RowsOfTextFilesHaveTheirPlacesWhereAnOrderMustBeTotal) {
  Selection selection;
  selection.sort = {{"p", false}};
  const SqlStatement statement = rows_sql(dataset(DatasetKind::Csv), selection, nullptr, true).value();
  EXPECT_NE(statement.sql.find(R"(p0 AS "file_index", p1 AS "file_row_number" FROM part_rows('it''s')))"),
            std::string::npos)
      << statement.sql;
  EXPECT_EQ(statement.hidden_columns, 3);
}

TEST(SqlBuilder, CountsUseTheFilterAlone) {
  Selection selection;
  selection.filter = *Json::parse(R"({"id":{"op":"is_null","value":false}})");
  selection.limit = 5;
  selection.sort = {{"id", false}};
  EXPECT_EQ(count_sql(dataset(), selection)->sql,
            "SELECT count(*) FROM read_parquet(['/d/o''neil.parquet'], hive_partitioning=false, can_have_nan=true) "
            "WHERE (\"id\" IS NOT NULL)");
}

TEST(SqlBuilder, RowsThatAreAskedForAreAllThatIsRead) {
  Dataset dataset;
  dataset.name = "c";
  dataset.columns.push_back({"x", "BIGINT", {}, {}, {}});
  for (const char* name : {"data_2025_w39.parquet", "data_2025_w40.parquet", "data_2025_w40_0001.parquet"}) {
    dataset.files.emplace_back().path = std::string("/c/") + name;
  }
  dataset.files[1].only = std::vector<std::int64_t>{3, 5};
  dataset.files[1].dead = {{3, 3}};
  EXPECT_EQ(
      relation_sql(dataset),
      "(SELECT \"x\" FROM read_parquet(['/c/data_2025_w39.parquet'], hive_partitioning=false, can_have_nan=true) UNION "
      "ALL "
      "SELECT \"x\" FROM read_parquet(['/c/data_2025_w40.parquet'], hive_partitioning=false, can_have_nan=true) "
      "WHERE file_row_number IN (3, 5) UNION ALL "
      "SELECT \"x\" FROM read_parquet(['/c/data_2025_w40_0001.parquet'], hive_partitioning=false, can_have_nan=true))");
}

}  // namespace
}  // namespace canvasback
