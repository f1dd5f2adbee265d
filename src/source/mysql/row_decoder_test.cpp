#include "source/mysql/row_decoder.hpp"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

namespace canvasback {
namespace {

MysqlColumn column(std::string name, std::string declared, std::string read_as = {}) {
  MysqlColumn made{.name = name, .declared = declared, .type = {}, .collation = {}, .extra = {}, .read_as = read_as};
  made.type = *mysql_type_from(declared);
  return made;
}

template <class Value>
std::string bytes_of(Value value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string lengthened(std::string_view text) { return static_cast<char>(text.size()) + std::string(text); }

// A row of the binary protocol; `cells` are those that are not NULL.
std::string binary_row(std::string_view nulls, const std::string& cells) {
  return std::string(1, '\0') + std::string(nulls) + cells;
}

RowDecoder decoder_of(const std::vector<MysqlColumn>& columns, const MysqlStreamOptions& options = {}) {
  auto made = RowDecoder::make(columns, options);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

std::string value(const BatchPtr& batch, int column, std::int64_t row) {
  return (*batch->column(column)->GetScalar(row))->ToString();
}

TEST(RowDecoder, BinaryRows) {
  RowDecoder decoder = decoder_of({column("i", "int(11)"), column("u", "bigint unsigned"), column("s", "varchar(9)"),
                                   column("d", "decimal(5,2)"), column("t", "datetime"), column("b", "bit(1)"),
                                   column("f", "float"), column("m", "time")});
  const std::string moment("\x07\xe8\x07\x05\x06\x07\x08\x09", 8);
  const std::string span("\x08\x01\x01\x00\x00\x00\x02\x03\x04", 9);
  ASSERT_TRUE(decoder.add(binary_row(std::string("\0\0", 2), bytes_of(std::int32_t{-5}) + bytes_of(~std::uint64_t{0}) +
                                                                 lengthened("é") + lengthened("-1.05") + moment +
                                                                 lengthened("\x01") + bytes_of(0.1f) + span)));
  // All NULL: bits 2 to 9.
  ASSERT_TRUE(decoder.add(binary_row("\xfc\x03", "")));
  auto batch = decoder.finish();
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_TRUE((*batch)->ValidateFull().ok());
  const std::vector<std::string> expected = {
      "-5", "18446744073709551615", "é", "-1.05", "2024-05-06 07:08:09.000000", "true", "0.1", "-26:03:04"};
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(value(*batch, i, 0), expected[static_cast<std::size_t>(i)]) << i;
    EXPECT_TRUE((*batch)->column(i)->IsNull(1)) << i;
    EXPECT_EQ((*batch)->column(i)->null_count(), 1);
  }
}

TEST(RowDecoder, TextRows) {
  MysqlStreamOptions options;
  options.protocol = MysqlProtocol::Text;
  RowDecoder decoder = decoder_of({column("i", "int(11)"), column("d", "date"), column("b", "bit(9)")}, options);
  ASSERT_TRUE(decoder.add(lengthened("42") + lengthened("2024-05-06") + lengthened(std::string("\x01\x00", 2))));
  ASSERT_TRUE(decoder.add("\xfb" + lengthened("0000-00-00") + "\xfb"));
  auto batch = decoder.finish();
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(value(*batch, 0, 0), "42");
  EXPECT_EQ(value(*batch, 1, 0), "2024-05-06");
  EXPECT_EQ(value(*batch, 2, 0), "256");
  EXPECT_TRUE((*batch)->column(1)->IsNull(1));
  EXPECT_EQ(decoder.counts()[1].zero_dates, 1u);
}

TEST(RowDecoder, ZeroAndPartialDatesAreNullAndCounted) {
  RowDecoder decoder = decoder_of({column("d", "date"), column("t", "timestamp")});
  ASSERT_TRUE(decoder.add(binary_row(std::string("\0", 1), std::string("\0\0", 2))));
  const std::string partial("\x04\xe8\x07\x05\x00", 5);
  const std::string whole("\x04\xe8\x07\x05\x01", 5);
  ASSERT_TRUE(decoder.add(binary_row(std::string("\0", 1), partial + whole)));
  auto batch = decoder.finish();
  ASSERT_TRUE(batch);
  EXPECT_EQ((*batch)->column(0)->null_count(), 2);
  EXPECT_EQ((*batch)->column(1)->null_count(), 1);
  EXPECT_EQ(decoder.counts()[0].zero_dates, 2u);
  EXPECT_EQ(decoder.counts()[1].zero_dates, 1u);
}

TEST(RowDecoder, SpatialValuesLoseTheirSrid) {
  RowDecoder decoder = decoder_of({column("g", "point")});
  ASSERT_TRUE(decoder.add(binary_row(std::string("\0", 1), lengthened(std::string("\0\0\0\0WKB", 7)))));
  ASSERT_TRUE(decoder.add(binary_row(std::string("\0", 1), lengthened(std::string("\xe6\x10\0\0WKB", 7)))));
  EXPECT_FALSE(decoder.add(binary_row(std::string("\0", 1), lengthened("abc"))));
  auto batch = decoder.finish();
  ASSERT_TRUE(batch);
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(*(*batch)->column(0)).GetView(1), "WKB");
  EXPECT_EQ(decoder.counts()[0].srids_dropped, 1u);
}

TEST(RowDecoder, BatchesEndByRowsAndBytes) {
  MysqlStreamOptions options;
  options.batch_rows = 3;
  options.batch_bytes = 1000;
  RowDecoder decoder = decoder_of({column("s", "varchar(9)")}, options);
  const std::string row = binary_row(std::string("\0", 1), lengthened("abc"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(decoder.is_full());
    ASSERT_TRUE(decoder.add(row));
  }
  EXPECT_TRUE(decoder.is_full());
  EXPECT_EQ((*decoder.finish())->num_rows(), 3);
  EXPECT_FALSE(decoder.is_full());
  ASSERT_TRUE(decoder.add(binary_row(std::string("\0", 1), "\xfc\xe8\x03" + std::string(1000, 'x'))));
  EXPECT_TRUE(decoder.is_full());
  auto batch = decoder.finish();
  ASSERT_TRUE(batch && (*batch)->ValidateFull().ok());
  EXPECT_EQ((*batch)->column(0)->length(), 1);
}

TEST(RowDecoder, DeclaredTypes) {
  RowDecoder decoder = decoder_of({column("money", "double", "decimal(12,2)"), column("flag", "tinyint(1)", "boolean"),
                                   column("day", "datetime", "date"), column("n", "varchar(9)", "int64"),
                                   column("utc", "datetime", "timestamptz"), column("t", "time", "time")});
  const std::string midnight("\x04\xe8\x07\x05\x06", 5);
  const std::string span("\x08\x00\x00\x00\x00\x00\x02\x03\x04", 9);
  const auto row = [&](double money, std::string_view flag) {
    return binary_row(std::string("\0", 1),
                      bytes_of(money) + std::string(flag) + midnight + lengthened("-17") + midnight + span);
  };
  ASSERT_TRUE(decoder.add(row(0.1, std::string_view("\x01", 1))));
  auto batch = decoder.finish();
  ASSERT_TRUE(batch) << batch.error().message;
  const std::vector<std::string> expected = {
      "0.10", "true", "2024-05-06", "-17", "2024-05-06 00:00:00.000000Z", "02:03:04.000000"};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(value(*batch, i, 0), expected[static_cast<std::size_t>(i)]);
  const Status too_fine = decoder.add(row(0.001, std::string_view("\x01", 1)));
  ASSERT_FALSE(too_fine);
  EXPECT_NE(too_fine.error().message.find("\"money\": \"0.001\" is not a value of decimal(12,2)"), std::string::npos)
      << too_fine.error().message;
  const Status no_flag = decoder.add(row(1, std::string_view("\xfd", 1)));
  ASSERT_FALSE(no_flag);
  EXPECT_NE(no_flag.error().message.find("\"-3\""), std::string::npos) << no_flag.error().message;
}

TEST(RowDecoder, TextMustBeUtf8EachValueByItself) {
  RowDecoder decoder = decoder_of({column("s", "varchar(9)")});
  // Together they are valid, each alone is not.
  ASSERT_TRUE(decoder.add(binary_row(std::string("\0", 1), lengthened("a\xc3"))));
  ASSERT_TRUE(decoder.add(binary_row(std::string("\0", 1), lengthened("\xa9"))));
  auto batch = decoder.finish();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::InvalidData);
  EXPECT_NE(batch.error().message.find("0x61c3"), std::string::npos) << batch.error().message;
}

TEST(RowDecoder, MalformedRowsAreErrors) {
  const std::vector<MysqlColumn> columns = {column("i", "int(11)"), column("s", "varchar(9)")};
  const std::string good = binary_row(std::string("\0", 1), bytes_of(std::int32_t{1}) + lengthened("abc"));
  ASSERT_TRUE(decoder_of(columns).add(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decoder_of(columns).add(good.substr(0, size))) << size;
  }
  EXPECT_FALSE(decoder_of(columns).add(good + "x"));
  EXPECT_FALSE(decoder_of(columns).add("\x01" + good.substr(1)));
}

TEST(RowDecoder, TextProtocolRefusesWhatItRounds) {
  MysqlStreamOptions options;
  options.protocol = MysqlProtocol::Text;
  EXPECT_FALSE(RowDecoder::make({column("f", "float")}, options));
  EXPECT_FALSE(RowDecoder::make({column("f", "double(16,4)")}, options));
  EXPECT_TRUE(RowDecoder::make({column("f", "double")}, options));
}

TEST(RowDecoder, ManyColumnsTakeSmallerBatches) {
  std::vector<MysqlColumn> columns;
  for (int i = 0; i < 2000; ++i) columns.push_back(column("c" + std::to_string(i), "bigint"));
  RowDecoder decoder = decoder_of(columns);
  const std::string row = binary_row(std::string((2000 + 9) / 8, '\0'), std::string(16'000, 'x'));
  int rows = 0;
  for (; !decoder.is_full(); ++rows) ASSERT_TRUE(decoder.add(row));
  EXPECT_LT(rows, 2000);
  EXPECT_GT(rows, 100);
}

}  // namespace
}  // namespace canvasback
