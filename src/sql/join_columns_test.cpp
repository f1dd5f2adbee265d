#include "sql/join_columns.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

using Texts = std::vector<std::string>;

// Sorts of files of one column each, called v.
JoinedColumns joined(const Texts& types) {
  std::vector<std::vector<SourceColumn>> sorts;
  for (const std::string& type : types) sorts.push_back({{"v", type, "c0"}});
  return join_columns(sorts);
}

Texts columns_of(const JoinedColumns& joined) {
  Texts out;
  for (const DatasetColumn& column : joined.columns) out.push_back(column.name + " " + column.type);
  return out;
}

TEST(JoinColumns, WidensOnlyWhereNothingIsLost) {
  const std::vector<std::tuple<const char*, const char*, const char*>> cases{
      {"INTEGER", "BIGINT", "BIGINT"},
      {"UINTEGER", "INTEGER", "BIGINT"},
      {"UBIGINT", "TINYINT", "HUGEINT"},
      {"UHUGEINT", "TINYINT", ""},
      {"FLOAT", "DOUBLE", "DOUBLE"},
      {"SMALLINT", "FLOAT", "FLOAT"},
      {"INTEGER", "FLOAT", "DOUBLE"},
      {"BIGINT", "DOUBLE", ""},
      {"DECIMAL(10,2)", "DECIMAL(9,7)", "DECIMAL(15,7)"},
      {"DECIMAL(37,2)", "DECIMAL(20,19)", ""},
      {"DECIMAL(4,2)", "BIGINT", "DECIMAL(21,2)"},
      {"DECIMAL(4,2)", "DOUBLE", ""},
      {"DECIMAL(38,0)", "HUGEINT", ""},
      {"VARCHAR", "JSON", "VARCHAR"},
      {"TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP"},
      {"TIMESTAMP", "TIMESTAMP_NS", ""},
      {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE", ""},
      {"DATE", "TIMESTAMP", ""},
      {"BOOLEAN", "TINYINT", ""},
      {"INTEGER[]", "BIGINT[]", "BIGINT[]"},
      {"INTEGER[]", "BOOLEAN[]", ""},
      {"STRUCT(a INTEGER)", "STRUCT(a INTEGER)[]", ""},
      {"STRUCT(a INTEGER)", "STRUCT(a BOOLEAN)", ""},
  };
  for (const auto& [left, right, wanted] : cases) {
    EXPECT_EQ(exact_common_type(left, right), wanted) << left << " " << right;
    EXPECT_EQ(exact_common_type(right, left), wanted) << right << " " << left;
  }
}

TEST(JoinColumns, StructsHaveAllMembers) {
  EXPECT_EQ(
      exact_common_type("STRUCT(a INTEGER, \"b c\" VARCHAR)", "STRUCT(A BIGINT, d STRUCT(e DATE[], f DECIMAL(4,2)))"),
      R"(STRUCT("a" BIGINT, "b c" VARCHAR, "d" STRUCT(e DATE[], f DECIMAL(4,2))))");
  EXPECT_EQ(exact_common_type("STRUCT(a INTEGER)[]", "STRUCT(b DATE)[]"), R"(STRUCT("a" INTEGER, "b" DATE)[])");
}

TEST(JoinColumns, TheOrderOfFilesDoesNotMatter) {
  const Texts wanted{"v DECIMAL(12,2)", "v__double DOUBLE"};
  EXPECT_EQ(columns_of(joined({"INTEGER", "DOUBLE", "DECIMAL(5,2)"})), wanted);
  EXPECT_EQ(columns_of(joined({"DOUBLE", "INTEGER", "DECIMAL(5,2)"})), wanted);
  EXPECT_EQ(columns_of(joined({"DECIMAL(5,2)", "INTEGER", "DOUBLE"})), wanted);
  EXPECT_EQ(columns_of(joined({"INTEGER", "DOUBLE", "BIGINT"})), (Texts{"v BIGINT", "v__double DOUBLE"}));
  EXPECT_EQ(columns_of(joined({"DOUBLE", "INTEGER"})), (Texts{"v DOUBLE"}));
}

TEST(JoinColumns, WhatDoesNotGoInHasAColumnOfItsOwn) {
  EXPECT_EQ(columns_of(joined({"BOOLEAN", "BIGINT"})), (Texts{"v BIGINT", "v__string VARCHAR"}));
  EXPECT_EQ(columns_of(joined({"DOUBLE", "BIGINT"})), (Texts{"v BIGINT", "v__double DOUBLE"}));
  EXPECT_EQ(columns_of(joined({"VARCHAR", "BIGINT", "DOUBLE", "DATE"})),
            (Texts{"v BIGINT", "v__double DOUBLE", "v__string VARCHAR"}));
  EXPECT_EQ(columns_of(joined({"VARCHAR", "DATE"})), (Texts{"v DATE", "v__string VARCHAR"}));
  const JoinedColumns two = joined({"BOOLEAN", "BIGINT"});
  EXPECT_EQ(two.selects, (Texts{R"(CAST(NULL AS BIGINT) AS "v", CAST(c0 AS VARCHAR) AS "v__string")",
                                R"(c0 AS "v", CAST(NULL AS VARCHAR) AS "v__string")"}));
  EXPECT_FALSE(two.same_types);
  EXPECT_TRUE(two.unchanged.empty());
  ASSERT_EQ(two.notes.size(), 1U);
  EXPECT_NE(two.notes[0].find("\"v__string\""), std::string::npos);
}

TEST(JoinColumns, NestedValuesBesideOthersAreJsonText) {
  const JoinedColumns two = joined({"INTEGER[]", "VARCHAR"});
  EXPECT_EQ(columns_of(two), (Texts{"v VARCHAR", "v__string VARCHAR"}));
  EXPECT_NE(two.selects[0].find("to_json(c0)"), std::string::npos);
}

TEST(JoinColumns, NullsOfNoTypeJoinWithAnything) {
  EXPECT_EQ(columns_of(joined({"", "VARCHAR", ""})), (Texts{"v VARCHAR"}));
  EXPECT_EQ(columns_of(joined({"", ""})), (Texts{"v INTEGER"}));
  EXPECT_TRUE(joined({"", "VARCHAR"}).notes.empty());
}

TEST(JoinColumns, NamesThatDifferByCaseAreOneColumn) {
  const JoinedColumns two = join_columns({{{"A", "BIGINT", "c0"}}, {{"a", "INTEGER", "c0"}, {"b", "DATE", "c1"}}});
  EXPECT_EQ(columns_of(two), (Texts{"A BIGINT", "b DATE"}));
  EXPECT_EQ(two.unchanged, Texts{"A"});
}

TEST(JoinColumns, NamesThatAFileHasInTwoCasesAreTwoColumnsWhateverTheirOrder) {
  const JoinedColumns two = join_columns({{{"Id", "BIGINT", "c0"}, {"id", "VARCHAR", "c1"}, {"id", "DATE", "c2"}},
                                          {{"id", "VARCHAR", "c0"}, {"Id", "BIGINT", "c1"}},
                                          {{"ID", "BIGINT", "c0"}}});
  EXPECT_EQ(columns_of(two), (Texts{"Id BIGINT", "id_1 VARCHAR", "id_2 DATE"}));
  EXPECT_EQ(two.selects[0], R"(c0 AS "Id", c1 AS "id_1", c2 AS "id_2")");
  EXPECT_EQ(two.selects[1], R"(c1 AS "Id", c0 AS "id_1", CAST(NULL AS DATE) AS "id_2")");
  EXPECT_EQ(two.selects[2], R"(c0 AS "Id", CAST(NULL AS VARCHAR) AS "id_1", CAST(NULL AS DATE) AS "id_2")");
}

TEST(JoinColumns, ASiblingFindsAFreeName) {
  const JoinedColumns two =
      join_columns({{{"v", "BIGINT", "c0"}, {"V__STRING", "DATE", "c1"}}, {{"v", "BOOLEAN", "c0"}}});
  EXPECT_EQ(columns_of(two), (Texts{"v BIGINT", "v__string_ VARCHAR", "V__STRING DATE"}));
}

}  // namespace
}  // namespace canvasback
