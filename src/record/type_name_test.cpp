#include "record/type_name.hpp"

#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

namespace canvasback {
namespace {

std::string name_of_type(std::shared_ptr<arrow::DataType> type) {
  return sql_type_name(*arrow::field("x", std::move(type)));
}

TEST(TypeName, Scalars) {
  EXPECT_EQ(name_of_type(arrow::boolean()), "BOOLEAN");
  EXPECT_EQ(name_of_type(arrow::int8()), "TINYINT");
  EXPECT_EQ(name_of_type(arrow::int64()), "BIGINT");
  EXPECT_EQ(name_of_type(arrow::uint64()), "UBIGINT");
  EXPECT_EQ(name_of_type(arrow::float32()), "FLOAT");
  EXPECT_EQ(name_of_type(arrow::decimal128(38, 0)), "DECIMAL(38,0)");
  EXPECT_EQ(name_of_type(arrow::smallest_decimal(9, 2)), "DECIMAL(9,2)");
  EXPECT_EQ(name_of_type(arrow::utf8_view()), "VARCHAR");
  EXPECT_EQ(name_of_type(arrow::fixed_size_binary(4)), "BLOB");
  EXPECT_EQ(name_of_type(arrow::date64()), "DATE");
  EXPECT_EQ(name_of_type(arrow::time64(arrow::TimeUnit::NANO)), "TIME");
  EXPECT_EQ(name_of_type(arrow::timestamp(arrow::TimeUnit::MICRO)), "TIMESTAMP");
  EXPECT_EQ(name_of_type(arrow::timestamp(arrow::TimeUnit::NANO)), "TIMESTAMP_NS");
  EXPECT_EQ(name_of_type(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(name_of_type(arrow::month_day_nano_interval()), "INTERVAL");
  EXPECT_EQ(name_of_type(arrow::null()), "\"NULL\"");
  EXPECT_EQ(name_of_type(arrow::dictionary(arrow::int8(), arrow::utf8())), "VARCHAR");
}

TEST(TypeName, Nested) {
  auto row = arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("odd name", arrow::list(arrow::utf8()))});
  EXPECT_EQ(name_of_type(row), "STRUCT(a INTEGER, \"odd name\" VARCHAR[])");
  EXPECT_EQ(name_of_type(arrow::list(row)), "STRUCT(a INTEGER, \"odd name\" VARCHAR[])[]");
  EXPECT_EQ(name_of_type(arrow::fixed_size_list(arrow::float64(), 3)), "DOUBLE[3]");
  EXPECT_EQ(name_of_type(arrow::map(arrow::utf8(), arrow::int64())), "MAP(VARCHAR, BIGINT)");
  EXPECT_EQ(name_of_type(arrow::dense_union({arrow::field("n", arrow::int32())})), "UNION(n INTEGER)");
}

TEST(TypeName, MetadataWins) {
  auto huge = arrow::field("h", arrow::decimal128(38, 0), true, arrow::key_value_metadata({kTypeNameKey}, {"HUGEINT"}));
  EXPECT_EQ(sql_type_name(*huge), "HUGEINT");
  EXPECT_EQ(name_of_type(arrow::list(huge)), "HUGEINT[]");
}

}  // namespace
}  // namespace canvasback
