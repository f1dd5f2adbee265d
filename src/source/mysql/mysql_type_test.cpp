#include "source/mysql/mysql_type.hpp"

#include <arrow/type.h>
#include <gtest/gtest.h>

namespace canvasback {
namespace {

MysqlColumn column(std::string declared, std::string read_as = {}) {
  MysqlColumn made{.name = "c", .declared = declared, .type = {}, .collation = {}, .extra = {}, .read_as = read_as};
  auto type = mysql_type_from(declared);
  EXPECT_TRUE(type) << declared;
  if (type) made.type = *type;
  return made;
}

std::string arrow_name(const std::string& declared, const std::string& read_as = {}) {
  auto type = arrow_type_of(column(declared, read_as));
  return type ? (*type)->ToString() : "error: " + type.error().message;
}

TEST(MysqlType, EveryTypeHasTheArrowTypeOfItsValues) {
  const std::pair<const char*, const char*> expected[] = {
      {"tinyint(4)", "int8"},
      {"tinyint(1)", "int8"},
      {"tinyint(3) unsigned", "uint8"},
      {"smallint(6)", "int16"},
      {"smallint(5) unsigned zerofill", "uint16"},
      {"mediumint(9)", "int32"},
      {"mediumint(8) unsigned", "uint32"},
      {"int(11)", "int32"},
      {"int", "int32"},
      {"int unsigned", "uint32"},
      {"bigint(20)", "int64"},
      {"bigint(20) unsigned", "uint64"},
      {"decimal(12,2)", "decimal128(12, 2)"},
      {"decimal(38,0)", "decimal128(38, 0)"},
      {"decimal(39,1) unsigned", "decimal256(39, 1)"},
      {"decimal(65,30)", "decimal256(65, 30)"},
      {"decimal(10,10)", "decimal128(10, 10)"},
      {"float", "float"},
      {"float(7,3)", "float"},
      {"double", "double"},
      {"double(16,4) unsigned", "double"},
      {"bit(1)", "bool"},
      {"bit(2)", "uint64"},
      {"bit(64)", "uint64"},
      {"year(4)", "int16"},
      {"year", "int16"},
      {"date", "date32[day]"},
      {"datetime", "timestamp[us]"},
      {"datetime(6)", "timestamp[us]"},
      {"timestamp(3)", "timestamp[us, tz=UTC]"},
      {"time(6)", "string"},
      {"char(36)", "string"},
      {"varchar(255)", "string"},
      {"longtext", "string"},
      {"enum('a','b)','it''s unsigned')", "string"},
      {"set('x','y')", "string"},
      {"json", "string"},
      {"uuid", "string"},
      {"inet6", "string"},
      {"binary(16)", "binary"},
      {"varbinary(10)", "binary"},
      {"mediumblob", "binary"},
      {"point", "binary"},
      {"geomcollection", "binary"},
      {"timestamp /* mariadb-5.3 */", "timestamp[us, tz=UTC]"},
  };
  for (const auto& [declared, type] : expected) EXPECT_EQ(arrow_name(declared), type) << declared;
}

TEST(MysqlType, SizesAreRead) {
  EXPECT_EQ(mysql_type_from("varchar(255)")->length, 255);
  EXPECT_EQ(mysql_type_from("char")->length, 1);
  EXPECT_EQ(mysql_type_from("text")->length, 0);
  EXPECT_EQ(mysql_type_from("datetime(3)")->scale, 3);
  EXPECT_EQ(mysql_type_from("bit")->precision, 1);
  EXPECT_EQ(mysql_type_from("decimal")->precision, 10);
}

TEST(MysqlType, RefusesWhatItDoesNotKnow) {
  for (const char* declared : {"", "vector(3)", "decimal(66,0)", "decimal(10,11)", "decimal(65,39)", "bit(65)",
                               "bit(0)", "datetime(7)", "int(", "int(x)", "decimal(1,2,3)", "integers"}) {
    auto type = mysql_type_from(declared);
    ASSERT_FALSE(type) << declared;
    EXPECT_EQ(type.error().code, ErrorCode::InvalidData);
  }
}

TEST(MysqlType, OverridesThatCanBeExact) {
  EXPECT_EQ(arrow_name("double", "decimal(12,2)"), "decimal128(12, 2)");
  EXPECT_EQ(arrow_name("double", "DECIMAL(40, 2)"), "decimal256(40, 2)");
  EXPECT_EQ(arrow_name("varchar(20)", "decimal(12,2)"), "decimal128(12, 2)");
  EXPECT_EQ(arrow_name("tinyint(1)", "boolean"), "bool");
  EXPECT_EQ(arrow_name("datetime", "timestamptz"), "timestamp[us, tz=UTC]");
  EXPECT_EQ(arrow_name("time", "time"), "time64[us]");
  EXPECT_EQ(arrow_name("varchar(10)", "date"), "date32[day]");
  EXPECT_EQ(arrow_name("binary(3)", "text"), "string");
  EXPECT_EQ(arrow_name("int(11)", "int64"), "int64");
}

TEST(MysqlType, OverridesThatCannotAreRefusedByName) {
  for (const auto& [declared, read_as] :
       std::initializer_list<std::pair<const char*, const char*>>{{"decimal(12,2)", "double"},
                                                                  {"int(11)", "double"},
                                                                  {"double", "text"},
                                                                  {"json", "int64"},
                                                                  {"timestamp", "timestamp"},
                                                                  {"point", "text"},
                                                                  {"int(11)", "integer?"},
                                                                  {"int(11)", "decimal(0)"},
                                                                  {"int(11)", "decimal(3,4)"}}) {
    auto type = arrow_type_of(column(declared, read_as));
    ASSERT_FALSE(type) << declared << " as " << read_as;
    EXPECT_NE(type.error().message.find("\"c\""), std::string::npos) << type.error().message;
  }
}

TEST(MysqlType, SchemaHasTheNamesAndIsNullable) {
  auto schema = arrow_schema_of({column("int(11)"), column("date")});
  ASSERT_TRUE(schema);
  EXPECT_EQ((*schema)->field(1)->type()->ToString(), "date32[day]");
  EXPECT_TRUE((*schema)->field(0)->nullable());
}

}  // namespace
}  // namespace canvasback
