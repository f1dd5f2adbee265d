#include "source/mysql/mysql_sql.hpp"

#include <gtest/gtest.h>

namespace canvasback::mysql {
namespace {

MysqlColumn column(std::string declared, std::string collation = {}, bool pads = false) {
  MysqlColumn made{.name = "a`b", .declared = declared, .type = {}, .collation = collation, .pads = pads};
  made.type = *mysql_type_from(declared);
  return made;
}

std::string literal_of(const std::string& declared, std::string_view value) {
  auto text = literal(column(declared), value);
  return text ? *text : "error";
}

TEST(MysqlSql, NamesAreQuoted) {
  EXPECT_EQ(identifier("order"), "`order`");
  EXPECT_EQ(identifier("a`b"), "`a``b`");
  EXPECT_EQ(identifier("shop", "x y"), "`shop`.`x y`");
}

TEST(MysqlSql, TextIsEscaped) {
  EXPECT_EQ(text_literal("it's \\ \n\r\x1a"), R"('it\'s \\ \n\r\Z')");
  EXPECT_EQ(text_literal(std::string_view("a\0b", 3)), R"('a\0b')");
  EXPECT_EQ(binary_literal(std::string_view("\0\xff", 2)), "x'00ff'");
  EXPECT_EQ(binary_literal(""), "''");
}

TEST(MysqlSql, LiteralsOfEachType) {
  EXPECT_EQ(literal_of("int(11)", "-5"), "-5");
  EXPECT_EQ(literal_of("bigint(20) unsigned", "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(literal_of("decimal(65,30)", "1.000000000000000000000000000001"), "1.000000000000000000000000000001");
  EXPECT_EQ(literal_of("double", "0.1"), "0.1e0");
  EXPECT_EQ(literal_of("double", "1e+16"), "1e+16");
  EXPECT_EQ(literal_of("datetime(6)", "2024-05-06 01:02:03.000001"), "'2024-05-06 01:02:03.000001'");
  EXPECT_EQ(literal_of("time", "-838:59:59"), "'-838:59:59'");
  EXPECT_EQ(literal_of("varchar(9)", "a'b"), R"('a\'b')");
  EXPECT_EQ(literal_of("varbinary(9)", "a'"), "x'6127'");
  EXPECT_EQ(literal_of("bit(8)", "255"), "255");
  EXPECT_EQ(literal_of("float", "0.1"), "0.10000000149011612e0");
  EXPECT_EQ(literal_of("enum('a','it''s','b')", "a"), "1");
  EXPECT_EQ(literal_of("enum('a','it''s','b')", "it's"), "2");
  EXPECT_EQ(literal_of("enum('a','it''s','b')", "b"), "3");
  EXPECT_EQ(literal_of("enum('a','b')", ""), "0");
  EXPECT_EQ(literal_of("set('x','y','z')", "x,z"), "5");
}

TEST(MysqlSql, NoLiteralOfAWrongValue) {
  for (const char* value : {"", "1 OR 1=1", "x", "1;", "1e5", "0x10", "--1", "1'"}) {
    EXPECT_EQ(literal_of("int(11)", value), "error") << value;
  }
  for (const char* value : {"", "now()", "'", "2024-01-01'"})
    EXPECT_EQ(literal_of("datetime", value), "error") << value;
  EXPECT_EQ(literal_of("bit(8)", "-1"), "error");
  EXPECT_EQ(literal_of("enum('a','b')", "c"), "error");
  EXPECT_EQ(literal_of("set('a','b')", "a,c"), "error");
  EXPECT_EQ(literal_of("double", "nan"), "error");
}

TEST(MysqlSql, RowsBehindAPosition) {
  const std::vector<std::string> names = {"a", "b", "c"};
  const std::vector<std::string> literals = {"1", "'x'", "3"};
  EXPECT_EQ(rows_after(std::span(names).first(1), std::span(literals).first(1)), "`a` > 1");
  EXPECT_EQ(rows_after(std::span(names).first(1), std::span(literals).first(1), true), "`a` >= 1");
  EXPECT_EQ(rows_after(names, literals), "`a` > 1 OR (`a` = 1 AND `b` > 'x') OR (`a` = 1 AND `b` = 'x' AND `c` > 3)");
  EXPECT_EQ(rows_before(names, literals, true),
            "`a` < 1 OR (`a` = 1 AND `b` < 'x') OR (`a` = 1 AND `b` = 'x' AND `c` <= 3)");
  EXPECT_EQ(column_list(names), "`a`, `b`, `c`");
}

TEST(MysqlSql, KeysThatCompareAsTheCollation) {
  EXPECT_EQ(*key_bytes(column("int(11)")), "`a``b`");
  EXPECT_EQ(*key_bytes(column("varbinary(9)")), "`a``b`");
  EXPECT_EQ(*key_bytes(column("varchar(9)", "utf8mb4_0900_ai_ci", false)), "WEIGHT_STRING(`a``b`)");
  EXPECT_EQ(*key_bytes(column("varchar(9)", "utf8_general_ci", true)), "WEIGHT_STRING(`a``b` AS CHAR(9))");
  EXPECT_EQ(*key_bytes(column("varchar(9)", "latin1_swedish_ci", true)), "WEIGHT_STRING(`a``b` AS CHAR(9))");
  EXPECT_EQ(*key_bytes(column("varchar(9)", "utf8mb4_bin", true)), "WEIGHT_STRING(`a``b` AS CHAR(9))");
  EXPECT_EQ(*key_bytes(column("varchar(9)", "utf8mb4_unicode_ci", true)), "WEIGHT_STRING(`a``b` AS CHAR(162))");
  EXPECT_EQ(*key_bytes(column("enum('a','b')", "utf8_general_ci", true)),
            "CAST(LPAD(HEX(CAST(`a``b` AS UNSIGNED)), 16, '0') AS BINARY(16))");
  EXPECT_FALSE(key_bytes(column("text", "utf8_general_ci", true)));
}

}  // namespace
}  // namespace canvasback::mysql
