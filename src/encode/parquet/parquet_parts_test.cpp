#include "encode/parquet/parquet_parts.hpp"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>

namespace canvasback {
namespace {

BatchPtr rows(std::int64_t from, std::int64_t count) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (std::int64_t i = from; i < from + count; ++i) {
    EXPECT_TRUE(numbers.Append(i).ok());
    EXPECT_TRUE((i % 7 == 0 ? texts.AppendNull() : texts.Append("text " + std::to_string(i % 5))).ok());
  }
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64()), arrow::field("d", arrow::utf8())}),
                                  count, {*numbers.Finish(), *texts.Finish()});
}

class Batches final : public BatchStream {
 public:
  explicit Batches(std::vector<BatchPtr> batches) : batches_(std::move(batches)) {}
  SchemaPtr schema() const override { return rows(0, 1)->schema(); }
  Result<BatchPtr> next() override { return at_ < batches_.size() ? batches_[at_++] : BatchPtr(); }

 private:
  std::vector<BatchPtr> batches_;
  std::size_t at_ = 0;
};

TEST(ParquetParts, LieWhereTheDescriptionSays) {
  Batches stream({rows(0, 1000), rows(1000, 1500)});
  ParquetPartsOptions options;
  options.row_group_rows = 1024;
  const auto parts = write_parquet_parts(stream, options);
  ASSERT_TRUE(parts) << parts.error().detail;
  EXPECT_EQ(parts->rows, 2500);
  ASSERT_EQ(parts->row_groups.size(), 3U);
  std::int64_t end = 4;
  for (const ParquetPart& part : parts->row_groups) {
    EXPECT_EQ(part.offset, end);
    end += part.bytes;
  }
  EXPECT_EQ(end + parts->footer_bytes, static_cast<std::int64_t>(parts->bytes.size()));
  EXPECT_EQ(parts->row_groups[2].rows, 2500 - 2 * 1024);

  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(parts->bytes));
  auto reader = *parquet::arrow::OpenFile(input, arrow::default_memory_pool());
  const auto table = *reader->ReadTable();
  EXPECT_TRUE(table->Equals(**arrow::Table::FromRecordBatches({rows(0, 1000), rows(1000, 1500)})));
  const auto metadata = reader->parquet_reader()->metadata();
  EXPECT_FALSE(metadata->RowGroup(0)->ColumnChunk(0)->has_dictionary_page()) << "numbers are plain";
  EXPECT_TRUE(metadata->RowGroup(0)->ColumnChunk(1)->has_dictionary_page());
}

TEST(ParquetParts, AreTheSameBytesHoweverRowsCome) {
  Batches one({rows(0, 5000)});
  Batches many({rows(0, 1), rows(1, 2999), rows(3000, 2000)});
  EXPECT_EQ(write_parquet_parts(one, {})->bytes, write_parquet_parts(many, {})->bytes);
}

TEST(ParquetParts, NoRowsAreAFileAndTooManyBytesAnError) {
  Batches none({});
  const auto empty = write_parquet_parts(none, {});
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->rows, 0);
  Batches some({rows(0, 100'000)});
  ParquetPartsOptions options;
  options.bytes_max = 1000;
  const auto large = write_parquet_parts(some, options);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::PayloadTooLarge);
}

}  // namespace
}  // namespace canvasback
