#include "encode/parquet/parquet_encoder.hpp"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <random>

#include "encode/test_support.hpp"

namespace canvasback {
namespace {

std::unique_ptr<parquet::arrow::FileReader> open(const std::string& bytes) {
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool());
  return reader.ok() ? std::move(*reader) : nullptr;
}

std::shared_ptr<arrow::Table> read(const std::string& bytes) {
  auto reader = open(bytes);
  if (!reader) return nullptr;
  return reader->ReadTable().ValueOr(nullptr);
}

// `as_read`: with what Parquet cannot keep as it was, seconds (milliseconds) and the name of a list's item ("element").
std::vector<BatchPtr> sample(bool as_read = false) {
  const auto seconds = arrow::timestamp(as_read ? arrow::TimeUnit::MILLI : arrow::TimeUnit::SECOND);
  const auto item = arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())});
  const auto batch = batch_of(
      {{"id", arrow::int64(), "[-9223372036854775808, null, 9223372036854775807]"},
       {"unsigned", arrow::uint64(), "[18446744073709551615, null, 0]"},
       {"text", arrow::utf8(), R"(["é🦆", "", null])"},
       {"large", arrow::large_utf8(), R"(["x", null, "y"])"},
       {"view", arrow::utf8_view(), R"(["x", null, "longer than twelve bytes"])"},
       {"bytes", arrow::binary(), R"(["\u0000\u0001", null, ""])"},
       {"price", arrow::decimal128(38, 10), R"(["-0.0000000001", null, "9999999999999999999999999999.5000000000"])"},
       {"small", arrow::decimal64(12, 2), R"(["-0.05", null, "1.00"])"},
       {"real", arrow::float32(), "[0.1, null, -Inf]"},
       {"seconds", seconds, as_read ? "[-1000, null, 0]" : "[-1, null, 0]"},
       {"micros", arrow::timestamp(arrow::TimeUnit::MICRO), "[-1, null, 0]"},
       {"nanos", arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Berlin"), "[-1, null, 0]"},
       {"day", arrow::date32(), "[-1, null, 0]"},
       {"time", arrow::time64(arrow::TimeUnit::MICRO), "[1, null, 0]"},
       {"took", arrow::duration(arrow::TimeUnit::MILLI), "[1, null, 0]"},
       {"rows", arrow::list(arrow::field(as_read ? "element" : "item", item)), R"([[[1, "x"], null], [], null])"},
       {"map", arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1]], [], null])"}});
  return {batch, batch->Slice(1, 2)};
}

TEST(ParquetEncoder, ReadsBackTheSameTypesAndValues) {
  const auto expected = *arrow::Table::FromRecordBatches(sample(true));
  for (const char* compression : {"", "zstd", "snappy", "gzip", "lz4", "none"}) {
    for (int threads : {1, 3}) {
      EncodeOptions options;
      options.compression = compression;
      options.threads = threads;
      const auto table = read(encode_all("parquet", sample(), options));
      ASSERT_NE(table, nullptr) << compression;
      EXPECT_TRUE(table->schema()->Equals(*expected->schema())) << table->schema()->ToString();
      EXPECT_TRUE(table->Equals(*expected)) << compression;
    }
  }
}

TEST(ParquetEncoder, NoRowsIsAFile) {
  const auto table = read(encode_all("parquet", {sample()[0]->Slice(0, 0)}));
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_EQ(table->num_columns(), 17);
}

// What the values of a column of so many rows are: `different` values in no order, each about as often.
BatchPtr repeating(std::int64_t rows, std::int64_t different) {
  std::mt19937_64 random(1);
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto value = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(different));
    EXPECT_TRUE(numbers.Append(value).ok());
    EXPECT_TRUE(texts.Append("text " + std::to_string(value)).ok());
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a.number", arrow::int64()), arrow::field("text", arrow::utf8())}), rows,
      {*numbers.Finish(), *texts.Finish()});
}

bool has_dictionary(const std::string& bytes, int column) {
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  return parquet::ParquetFileReader::Open(input)->metadata()->RowGroup(0)->ColumnChunk(column)->has_dictionary_page();
}

// 20,000 values fill a sixth of a row group's rows, though few of the first 8,192 rows repeat one.
TEST(ParquetEncoder, ColumnsWhoseValuesRepeatHaveADictionary) {
  struct Case {
    std::int64_t rows, different;
    bool dictionary;
  };
  for (const Case& c :
       {Case{8'192, 10, true}, Case{8'192, 20'000, true}, Case{8'192, 48'000, false},
        Case{8'192, 1'000'000'000'000, false}, Case{100'000, 2'000'000, false}, Case{100, 1'000'000'000'000, true}}) {
    const auto batch = repeating(c.rows, c.different);
    const std::string bytes = encode_all("parquet", {batch, batch});
    for (int column = 0; column < 2; ++column) {
      EXPECT_EQ(has_dictionary(bytes, column), c.dictionary) << c.rows << " rows of " << c.different;
    }
    const auto table = read(bytes);
    ASSERT_NE(table, nullptr);
    EXPECT_TRUE(table->Equals(**arrow::Table::FromRecordBatches({batch, batch})));
  }
}

BatchPtr counting(std::int64_t rows, std::size_t text_bytes) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (std::int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(ids.Append(i).ok());
    EXPECT_TRUE(texts.Append(std::to_string(i) + std::string(text_bytes, 'x')).ok());
  }
  const auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, rows, {*ids.Finish(), *texts.Finish()});
}

TEST(ParquetEncoder, RowGroupsEndAtTheirRowsOrBytes) {
  const auto batch = counting(100'000, 1);
  auto reader = open(encode_all("parquet", {batch, batch, batch}));
  ASSERT_NE(reader, nullptr);
  auto file = reader->parquet_reader()->metadata();
  ASSERT_EQ(file->num_row_groups(), 3);
  EXPECT_EQ(file->RowGroup(0)->num_rows(), 122'880);
  EXPECT_EQ(file->RowGroup(2)->num_rows(), 300'000 - 2 * 122'880);
  EXPECT_TRUE(file->RowGroup(0)->ColumnChunk(0)->is_stats_set());
  EXPECT_TRUE(file->RowGroup(0)->ColumnChunk(0)->statistics()->HasMinMax());

  // 150 MB of text in one batch: no group holds more than 64 MiB of it.
  reader = open(encode_all("parquet", {counting(3000, 50'000)}));
  file = reader->parquet_reader()->metadata();
  EXPECT_EQ(file->num_row_groups(), 3);
  EXPECT_EQ(file->num_rows(), 3000);
}

TEST(ParquetEncoder, BytesComeWithEachRowGroup) {
  StringSink sink;
  auto encoder = make_encoder("parquet", sink, {});
  const auto batch = counting(100'000, 20);
  ASSERT_TRUE((*encoder)->begin(batch->schema()));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*encoder)->write(batch));
  EXPECT_GT(sink.bytes().size(), 100'000u);
  ASSERT_TRUE((*encoder)->finish());
}

TEST(ParquetEncoder, AbandonedFilesHaveNoFooter) {
  StringSink sink;
  {
    EncodeOptions options;
    options.threads = 2;
    auto encoder = make_encoder("parquet", sink, options);
    const auto batch = counting(130'000, 5);
    ASSERT_TRUE((*encoder)->begin(batch->schema()));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*encoder)->write(batch));
    (*encoder)->abandon();
  }
  EXPECT_GT(sink.bytes().size(), 1000u);
  EXPECT_FALSE(sink.bytes().ends_with("PAR1"));
  EXPECT_TRUE(sink.abandoned());
  EXPECT_FALSE(sink.finished());
}

TEST(ParquetEncoder, ASinkThatFailsGivesItsOwnError) {
  BreakingSink sink(10'000);
  auto encoder = make_encoder("parquet", sink, {});
  const auto batch = counting(130'000, 5);
  ASSERT_TRUE((*encoder)->begin(batch->schema()));
  Status status;
  for (int i = 0; status && i < 10; ++i) status = (*encoder)->write(batch);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::Cancelled);
  EXPECT_EQ((*encoder)->finish().error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(sink.abandoned);
  EXPECT_FALSE(sink.finished);
}

TEST(ParquetEncoder, TypesItHasNotAreNamed) {
  StringSink sink;
  auto encoder = make_encoder("parquet", sink, {});
  const auto status = (*encoder)->begin(
      arrow::schema({arrow::field("ok", arrow::int8()), arrow::field("span", arrow::month_day_nano_interval())}));
  (*encoder)->abandon();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::InvalidData);
  EXPECT_EQ(status.error().message,
            "Column \"span\" of type INTERVAL cannot be written as Parquet; cast it to VARCHAR.");
  EXPECT_EQ(sink.bytes(), "");
}

}  // namespace
}  // namespace canvasback
