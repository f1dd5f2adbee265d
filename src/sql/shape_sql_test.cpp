#include "sql/shape_sql.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

Kinds record_of(std::string_view key, std::uint32_t seen) {
  Kinds out;
  out.member(key).seen = seen;
  return out;
}

TEST(ShapeSql, ValuesOfOtherClassesGoToTheSibling) {
  Kinds all = record_of("x", bit(Kind::Int));
  all.merge(record_of("x", bit(Kind::String) | bit(Kind::Bool)));
  EXPECT_EQ(shape_sql(record_of("x", bit(Kind::String)), all), R"(CAST(NULL AS BIGINT) AS "x", "x" AS "x__string")");
  EXPECT_EQ(shape_sql(record_of("x", bit(Kind::String) | bit(Kind::Bool)), all),
            R"(CAST(NULL AS BIGINT) AS "x", COALESCE(CAST("x" AS VARCHAR), "x__string") AS "x__string")");
}

std::shared_ptr<const FileKinds> two_shapes() {
  auto kinds = std::make_shared<FileKinds>();
  kinds->shapes = {record_of("x", bit(Kind::Int)), record_of("y", bit(Kind::String))};
  for (const Kinds& shape : kinds->shapes) kinds->all.merge(shape);
  return kinds;
}

TEST(ShapeSql, EveryShapeHasItsSelectList) {
  const auto kinds = two_shapes();
  const auto lists = select_lists(kinds);
  EXPECT_EQ(*lists,
            (SelectLists{R"("x" AS "x", CAST(NULL AS VARCHAR) AS "y")", R"(CAST(NULL AS BIGINT) AS "x", "y" AS "y")"}));
  EXPECT_EQ(select_lists(kinds), lists) << "made once";
}

TEST(ShapeSql, SelectListsAreThoseOfTheKindsAtHand) {
  // More than are kept, each in memory that another had before.
  for (int i = 0; i < 40; ++i) {
    auto kinds = std::make_shared<FileKinds>();
    kinds->all = record_of("k" + std::to_string(i), bit(Kind::Bool));
    kinds->shapes.push_back(kinds->all);
    const std::string name = "\"k" + std::to_string(i) + "\"";
    EXPECT_EQ(*select_lists(kinds), SelectLists{name + " AS " + name});
  }
}

}  // namespace
}  // namespace canvasback
