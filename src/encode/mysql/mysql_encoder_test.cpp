#include "encode/mysql/mysql_encoder.hpp"

#include <gtest/gtest.h>

#include "encode/test_support.hpp"

namespace canvasback {
namespace {

BatchPtr some_rows() {
  return batch_of({{"id", arrow::int64(), "[9007199254740993, null]"},
                   {"a `name`", arrow::utf8(), R"(["it's \\ a\tb\nc", ""])"},
                   {"price", arrow::decimal128(12, 2), R"(["-0.05", "12.00"])"},
                   {"rating", arrow::int8(), "[-5, 5]"},
                   {"at", arrow::timestamp(arrow::TimeUnit::MICRO), "[1735689600000000, 1500000]"}});
}

EncodeOptions into(const char* table) {
  EncodeOptions options;
  options.document.title = table;
  return options;
}

TEST(MysqlEncoder, StatementsWithEveryKindOfValue) {
  EXPECT_EQ(encode_all("sql", {some_rows()}, into("orders")),
            "INSERT INTO `orders` (`id`, `a ``name```, `price`, `rating`, `at`) VALUES\n"
            "(9007199254740993,'it\\'s \\\\ a\tb\\nc',-0.05,-5,'2025-01-01 00:00:00'),\n"
            "(NULL,'',12.00,5,'1970-01-01 00:00:01.500');\n");
}

TEST(MysqlEncoder, AFileToLoad) {
  EXPECT_EQ(encode_all("tsv", {some_rows()}, into("orders")),
            "9007199254740993\tit's \\\\ a\\tb\\nc\t-0.05\t-5\t2025-01-01 00:00:00\n"
            "\\N\t\t12.00\t5\t1970-01-01 00:00:01.500\n");
}

TEST(MysqlEncoder, NoRowsAreNoStatement) {
  EXPECT_EQ(encode_all("sql", {batch_of({{"a", arrow::int8(), "[]"}})}, into("t")), "");
}

TEST(MysqlEncoder, StatementsBeginAtTheSameRowsHoweverBatchesAreCut) {
  std::string values = "[0";
  for (int i = 1; i < 1200; ++i) values += "," + std::to_string(i);
  const auto whole = batch_of({{"n", arrow::int32(), values + "]"}});
  const std::string text = encode_all("sql", {whole}, into("t"));
  EXPECT_EQ(encode_all("sql", {whole->Slice(0, 499), whole->Slice(499, 2), whole->Slice(501)}, into("t")), text);
  EncodeOptions threaded = into("t");
  threaded.threads = 3;
  EXPECT_EQ(encode_all("sql", {whole->Slice(0, 700), whole->Slice(700)}, threaded), text);
  std::size_t statements = 0;
  for (std::size_t at = text.find("INSERT"); at != std::string::npos; at = text.find("INSERT", at + 1)) ++statements;
  EXPECT_EQ(statements, 3U);
  EXPECT_NE(text.find("(499);\nINSERT INTO `t` (`n`) VALUES\n(500),"), std::string::npos);
}

TEST(MysqlEncoder, OtherTypesAreRefusedByName) {
  StringSink sink;
  auto encoder = make_encoder("sql", sink, into("t"));
  const auto status = (*encoder)->begin(arrow::schema({arrow::field("x", arrow::float64())}));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "Column \"x\" of type DOUBLE cannot be written for MySQL.");
  (*encoder)->abandon();
}

}  // namespace
}  // namespace canvasback
