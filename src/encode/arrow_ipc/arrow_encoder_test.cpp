#include "encode/arrow_ipc/arrow_encoder.hpp"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

#include "encode/test_support.hpp"

namespace canvasback {
namespace {

std::shared_ptr<arrow::Table> read_stream(const std::string& bytes) {
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(input);
  if (!reader.ok()) return nullptr;
  auto table = (*reader)->ToTable();
  return table.ok() ? *table : nullptr;
}

std::vector<BatchPtr> sample() {
  const auto batch = batch_of({{"id", arrow::int64(), "[-9223372036854775808, null, 3]"},
                               {"text", arrow::utf8(), R"(["é🦆", "", null])"},
                               {"when", arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Berlin"), "[-1, 0, null]"},
                               {"rows", arrow::list(arrow::struct_({arrow::field("a", arrow::decimal128(38, 10))})),
                                R"([[["0.0000000001"]], [], null])"}});
  return {batch, batch->Slice(1, 2), batch->Slice(2, 1)};
}

std::string compressed_stream(const char* compression, int threads) {
  EncodeOptions options;
  options.compression = compression;
  options.threads = threads;
  return encode_all("arrow", sample(), options);
}

TEST(ArrowEncoder, StreamReadsBackTheSame) {
  const auto expected = *arrow::Table::FromRecordBatches(sample());
  for (const char* compression : {"", "none", "lz4", "zstd"}) {
    for (int threads : {1, 2}) {
      const auto table = read_stream(compressed_stream(compression, threads));
      ASSERT_NE(table, nullptr) << compression;
      EXPECT_TRUE(table->Equals(*expected, true)) << compression;
    }
  }
}

TEST(ArrowEncoder, FileReadsBackTheSame) {
  const std::string bytes = encode_all("arrow_file", sample());
  auto reader = arrow::ipc::RecordBatchFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->num_record_batches(), 3);
  EXPECT_TRUE((*(*reader)->ToTable())->Equals(**arrow::Table::FromRecordBatches(sample())));
}

TEST(ArrowEncoder, EachBatchIsOnItsWayBeforeWriteReturns) {
  StringSink sink;
  auto encoder = make_encoder("arrow", sink, {});
  ASSERT_TRUE((*encoder)->begin(sample()[0]->schema()));
  ASSERT_TRUE((*encoder)->write(sample()[0]));
  EXPECT_EQ(read_stream(sink.bytes())->num_rows(), 3);
  ASSERT_TRUE((*encoder)->write(sample()[1]));
  EXPECT_EQ(read_stream(sink.bytes())->num_rows(), 5);
  ASSERT_TRUE((*encoder)->finish());
}

// The end-of-stream marker: a continuation marker and a length of zero.
constexpr std::string_view kEndOfStream("\xFF\xFF\xFF\xFF\0\0\0\0", 8);

TEST(ArrowEncoder, AbandonedStreamsHaveNoEnd) {
  EXPECT_TRUE(encode_all("arrow", sample()).ends_with(kEndOfStream));
  for (const char* format : {"arrow", "arrow_file"}) {
    StringSink sink;
    {
      auto encoder = make_encoder(format, sink, {});
      ASSERT_TRUE((*encoder)->begin(sample()[0]->schema()));
      ASSERT_TRUE((*encoder)->write(sample()[0]));
      (*encoder)->abandon();
    }
    EXPECT_FALSE(sink.bytes().ends_with(kEndOfStream));
    EXPECT_FALSE(sink.bytes().ends_with("ARROW1"));
    EXPECT_TRUE(sink.abandoned());
    EXPECT_FALSE(sink.finished());
  }
}

TEST(ArrowEncoder, ASinkThatFailsGivesItsOwnError) {
  BreakingSink sink(1000);
  auto encoder = make_encoder("arrow", sink, {});
  ASSERT_TRUE((*encoder)->begin(sample()[0]->schema()));
  Status status;
  for (int i = 0; status && i < 100; ++i) status = (*encoder)->write(sample()[0]);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::Cancelled);
  EXPECT_EQ((*encoder)->finish().error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(sink.abandoned);
}

TEST(ArrowEncoder, FieldMetadataIsKept) {
  const auto metadata = arrow::key_value_metadata({"canvasback.type"}, {"HUGEINT"});
  const auto schema = arrow::schema({arrow::field("h", arrow::decimal128(38, 0), true, metadata)});
  const auto batch = arrow::RecordBatch::Make(schema, 1, {array_of(arrow::decimal128(38, 0), R"(["5"])")});
  EXPECT_TRUE(read_stream(encode_all("arrow", {batch}))->schema()->Equals(*schema, true));
}

}  // namespace
}  // namespace canvasback
