// That values keep their names in answers and files is shown in tests/functional/test_twin_members.py.
#include "record/twins.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

Kinds object_of(std::initializer_list<const char*> keys) {
  Kinds out;
  out.seen = bit(Kind::Object);
  for (const char* key : keys) out.member(key).seen = bit(Kind::Int);
  return out;
}

Kinds record_of(Kinds object) {
  Kinds out;
  out.member("o") = std::move(object);
  return out;
}

TEST(Twins, AreTextBelowARecordAndColumnsOfIt) {
  Kinds record = record_of(object_of({"X", "x"}));
  record.member("O").seen = bit(Kind::Int);
  EXPECT_EQ(sql_type_of(*record.find("o"), ColumnRole::Object), R"(STRUCT("X" BIGINT, "x" BIGINT))") << "as files have";
  settle_twins(record);
  EXPECT_EQ(sql_type_of(*record.find("o"), ColumnRole::Object), "VARCHAR");
  EXPECT_EQ(columns_of_members(record).size(), 2U);
}

TEST(Twins, OnlyTheInnermostObjectIsText) {
  Kinds list;
  list.seen = bit(Kind::List);
  list.items = std::make_unique<Kinds>(object_of({"k", "K"}));
  Kinds outer = object_of({"n"});
  outer.member("p") = list;
  Kinds record = record_of(outer);
  settle_twins(record);
  EXPECT_EQ(sql_type_of(*record.find("o"), ColumnRole::Object), R"(STRUCT("n" BIGINT, "p" VARCHAR[]))");
}

TEST(Twins, NamesOfColumnsCount) {
  Kinds object = object_of({"x", "X__STRING"});
  Kinds record = record_of(object);
  settle_twins(record);
  EXPECT_FALSE(record.find("o")->has(Kind::ObjectText));
  object.member("x").seen |= bit(Kind::String);
  Kinds other = record_of(object);
  settle_twins(other);
  EXPECT_TRUE(other.find("o")->has(Kind::ObjectText));
  Kinds nulls = object_of({"x"});
  nulls.member("X").seen = bit(Kind::Null);
  Kinds without = record_of(nulls);
  settle_twins(without);
  EXPECT_FALSE(without.find("o")->has(Kind::ObjectText)) << "what has no column is no twin";
}

}  // namespace
}  // namespace canvasback
