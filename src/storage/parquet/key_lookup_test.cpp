// The rows that a look-up tells are those that have the value, in files with Bloom filters and without.
#include "storage/parquet/key_lookup.hpp"

#include <fcntl.h>

#include "base/unique_fd.hpp"
#include "storage/parquet/part_writer.hpp"
#include "storage/parquet/test_support.hpp"

namespace canvasback {
namespace {

using Rows = std::vector<std::int64_t>;

class KeyLookupTest : public testing::Test {
 protected:
  // id: texts or numbers; key 7 of the text column stands in every hundredth row.
  DataFile write(bool with_filters, const std::shared_ptr<arrow::Table>& table) {
    const std::string path = folder_ / (with_filters ? "with.parquet" : "without.parquet");
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644));
    PartWriterOptions options;
    options.row_group_rows = 1000;
    if (with_filters) {
      options.bloom_columns = {"id", "text"};
      options.bloom_values = 1000;
    }
    auto writer = PartWriter::open(fd.get(), table->schema(), options);
    EXPECT_TRUE(writer);
    arrow::TableBatchReader reader(*table);
    std::shared_ptr<arrow::RecordBatch> batch;
    while (reader.ReadNext(&batch).ok() && batch) EXPECT_TRUE((*writer)->write_batch(*batch));
    EXPECT_TRUE((*writer)->finish("{}"));
    return stat_of(path);
  }

  static std::optional<Rows> rows(const DataFile& file, const std::vector<KeyValue>& values) {
    auto found = rows_that_may_have(file, values, CancelToken());
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : std::nullopt;
  }

  TemporaryFolder folder_;
};

TEST_F(KeyLookupTest, TellsTheRowsOfAValue) {
  for (bool with_filters : {true, false}) {
    const DataFile file = write(with_filters, numbered(500, 10'000));
    for (std::int64_t id : {500, 501, 1499, 1500, 7777, 10'499}) {
      EXPECT_EQ(rows(file, {{"id", std::to_string(id)}}), Rows{id - 500}) << id;
      EXPECT_EQ(rows(file, {{"text", "row " + std::to_string(id)}}), Rows{id - 500}) << id;
      EXPECT_EQ(rows(file, {{"id", std::to_string(id)}, {"text", "row " + std::to_string(id)}}), Rows{id - 500}) << id;
    }
    for (const char* none : {"499", "10500", "-1"}) EXPECT_EQ(rows(file, {{"id", none}}), Rows()) << none;
    EXPECT_EQ(rows(file, {{"text", "row 499"}}), Rows());
    EXPECT_EQ(rows(file, {{"text", ""}}), Rows());
    EXPECT_EQ(rows(file, {{"nosuch", "1"}}), Rows()) << "no record of the file has the key";
  }
}

TEST_F(KeyLookupTest, WhatItCannotTellItLeavesToTheEngine) {
  const DataFile file = write(true, numbered(0, 2000));
  for (const char* text : {"1.0", "1e3", " 1", "0x1", "", "99999999999999999999"}) {
    EXPECT_EQ(rows(file, {{"id", text}}), std::nullopt) << text;
  }
  EXPECT_EQ(rows(file, {{"id", "1.0"}, {"text", "row 5"}}), Rows{5}) << "one of two keys is enough";
  auto schema = arrow::schema({arrow::field("id", arrow::float64())});
  const auto doubles = arrow::Table::Make(schema, {array_from<arrow::DoubleBuilder>(std::vector<double>{1, 2, 3})});
  EXPECT_EQ(rows(write(false, doubles), {{"id", "1"}}), std::nullopt);
}

TEST_F(KeyLookupTest, SiblingsOfAColumnAreLookedAtToo) {
  auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("id__string", arrow::utf8()),
                               arrow::field("identity", arrow::utf8())});
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  arrow::StringBuilder others;
  for (std::int64_t row = 0; row < 100; ++row) {
    EXPECT_TRUE((row % 2 == 0 ? numbers.Append(row) : numbers.AppendNull()).ok());
    EXPECT_TRUE((row % 2 == 0 ? texts.AppendNull() : texts.Append(std::to_string(row / 10))).ok());
    EXPECT_TRUE(others.Append("4").ok());
  }
  const auto table = arrow::Table::Make(
      schema, {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie(), others.Finish().ValueOrDie()});
  const DataFile file = write(false, table);
  EXPECT_EQ(rows(file, {{"id", "4"}}), (Rows{4, 41, 43, 45, 47, 49}));
  EXPECT_EQ(rows(file, {{"id", "none"}}), Rows());
  EXPECT_EQ(rows(file, {{"id", "4.0"}}), std::nullopt) << "what text an integer is equal to, the engine decides";
}

TEST_F(KeyLookupTest, ManyRowsAreNotTold) {
  std::vector<std::string> texts(static_cast<std::size_t>(kLookupRowsMax) + 1, "same");
  auto schema = arrow::schema({arrow::field("text", arrow::utf8())});
  const auto table = arrow::Table::Make(schema, {array_from<arrow::StringBuilder>(texts)});
  EXPECT_EQ(rows(write(false, table), {{"text", "same"}}), std::nullopt);
}

TEST_F(KeyLookupTest, ADamagedFileIsSaid) {
  const DataFile file = stat_of(folder_.write("bad.parquet", "PAR1 is not all there is to it PAR1"));
  const auto found = rows_that_may_have(file, {{"id", "1"}}, CancelToken());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::InvalidData);
}

}  // namespace
}  // namespace canvasback
