#include "source/mysql/wire_column.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

constexpr unsigned kUtf8 = 45;
constexpr unsigned kBinary = 63;
constexpr unsigned kUnsigned = 32;

MysqlWireColumn wire(unsigned type, std::uint64_t length, unsigned decimals = 0, unsigned flags = 0,
                     unsigned charset = kBinary) {
  return {.name = "c", .type = type, .flags = flags, .charset = charset, .decimals = decimals, .length = length};
}

MysqlColumn expected(std::string declared) {
  MysqlColumn made{.name = "c", .declared = declared, .type = *mysql_type_from(declared), .collation = {}};
  return made;
}

TEST(WireColumn, TypesReadBackAsTheirDeclarations) {
  const std::pair<MysqlWireColumn, const char*> cases[] = {
      {wire(1, 4), "tinyint"},
      {wire(3, 10, 0, kUnsigned), "int unsigned"},
      {wire(9, 9), "mediumint"},
      {wire(8, 20), "bigint"},
      {wire(246, 14, 2), "decimal(12,2)"},
      {wire(246, 13, 2, kUnsigned), "decimal(12,2) unsigned"},
      {wire(246, 66), "decimal(65,0)"},
      {wire(246, 32, 30), "decimal(30,30)"},
      {wire(16, 9), "bit(9)"},
      {wire(12, 26, 6), "datetime(6)"},
      {wire(11, 10), "time"},
      {wire(253, 40, 0, 0, kUtf8), "varchar(10)"},
      {wire(253, 40), "varbinary(40)"},
      {wire(252, 65'535, 0, 0, kUtf8), "longtext"},
      {wire(254, 4, 0, 256, kUtf8), "enum"},
      {wire(245, 4'294'967'295), "json"},
      {wire(255, 4'294'967'295), "geometry"},
  };
  for (const auto& [column, declared] : cases) {
    auto made = column_from_wire(column);
    ASSERT_TRUE(made) << declared;
    EXPECT_EQ(made->declared, declared);
  }
  EXPECT_FALSE(column_from_wire(wire(99, 1)));
}

TEST(WireColumn, WhatFitsIsTaken) {
  EXPECT_TRUE(check_wire({expected("mediumint(9)")}, {wire(3, 11)}));
  EXPECT_TRUE(check_wire({expected("enum('a')")}, {wire(253, 4, 0, 0, kUtf8)}));
  EXPECT_TRUE(check_wire({expected("varchar(5)")}, {wire(253, 400, 0, 0, kUtf8)}));
  EXPECT_TRUE(check_wire({expected("decimal(12,2)")}, {wire(246, 14, 2)}));
  EXPECT_TRUE(check_wire({expected("uuid")}, {wire(254, 36)}));
}

TEST(WireColumn, WhatDiffersIsRefusedByName) {
  const std::pair<const char*, MysqlWireColumn> cases[] = {
      {"int(11)", wire(8, 20)},
      {"int(11)", wire(3, 11, 0, kUnsigned)},
      {"decimal(12,2)", wire(246, 15, 3)},
      {"decimal(12,2)", wire(246, 15, 2)},
      {"varchar(5)", wire(253, 5)},
      {"datetime", wire(7, 19)},
      {"bit(8)", wire(16, 9)},
      {"time", wire(11, 14, 3)},
      {"float", wire(5, 22, 31)},
  };
  for (const auto& [declared, column] : cases) {
    const Status status = check_wire({expected(declared)}, {column});
    ASSERT_FALSE(status) << declared;
    EXPECT_EQ(status.error().code, ErrorCode::SchemaValidation);
    EXPECT_NE(status.error().message.find("\"c\""), std::string::npos);
  }
  EXPECT_FALSE(check_wire({expected("int")}, {}));
  MysqlWireColumn renamed = wire(3, 11);
  renamed.name = "d";
  EXPECT_FALSE(check_wire({expected("int")}, {renamed}));
}

}  // namespace
}  // namespace canvasback
