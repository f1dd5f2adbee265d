#include "encode/block_encoder.hpp"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/limits.hpp"
#include "encode/test_support.hpp"

namespace canvasback {
namespace {

// Rows first, first + 1, … and a text of `text_bytes`.
BatchPtr numbers(std::int64_t first, std::int64_t count, std::size_t text_bytes = 10) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (std::int64_t i = first; i < first + count; ++i) {
    EXPECT_TRUE(ids.Append(i).ok());
    EXPECT_TRUE(texts.Append(std::string(text_bytes, static_cast<char>('a' + i % 26))).ok());
  }
  const auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, count, {*ids.Finish(), *texts.Finish()});
}

std::vector<BatchPtr> many_batches() {
  std::vector<BatchPtr> batches;
  std::int64_t first = 0;
  for (std::int64_t size : {1, 70'000, 3, 8192, 8193, 1, 40'000, 17, 100'000}) {
    batches.push_back(numbers(first, size));
    first += size;
  }
  return batches;
}

EncodeOptions threads(int count) {
  EncodeOptions options;
  options.threads = count;
  return options;
}

TEST(BlockEncoder, ThreadsDoNotChangeTheBytes) {
  const auto batches = many_batches();
  for (const char* format : {"csv", "json", "ndjson"}) {
    const std::string expected = encode_all(format, batches, threads(1));
    EXPECT_GT(expected.size(), 3'000'000u);
    for (int count : {2, 3, 8}) EXPECT_TRUE(encode_all(format, batches, threads(count)) == expected) << format;
  }
}

// Writes the row numbers it is told; early blocks take longer, so that later ones are ready first.
class NumberFormatter final : public BlockFormatter {
 public:
  Status begin(const SchemaPtr&, std::string& out) override {
    out += "begin\n";
    return {};
  }
  Status format(const arrow::RecordBatch& batch, std::int64_t first_row, std::string& out) const override {
    if (first_row % 3 == 0) std::this_thread::yield();
    if (fail_at >= first_row && fail_at < first_row + batch.num_rows()) {
      return fail(ErrorCode::DataProcessing, "a row that cannot be written");
    }
    blocks.fetch_add(1);
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) out += std::to_string(first_row + i) + "\n";
    return {};
  }
  Status end(std::int64_t rows, std::string& out) override {
    out += "end " + std::to_string(rows) + "\n";
    return {};
  }
  std::int64_t fail_at = -1;
  mutable std::atomic<int> blocks = 0;
};

TEST(BlockEncoder, RowsKeepTheirOrderAndNumbers) {
  const auto batches = many_batches();
  std::string expected = "begin\n";
  std::int64_t rows = 0;
  for (const auto& batch : batches) {
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) expected += std::to_string(rows++) + "\n";
  }
  expected += "end " + std::to_string(rows) + "\n";
  for (int count : {1, 4, 16}) {
    StringSink sink;
    auto encoder = make_block_encoder(std::make_unique<NumberFormatter>(), sink, count);
    ASSERT_TRUE(encoder->begin(batches[0]->schema()));
    for (const auto& batch : batches) ASSERT_TRUE(encoder->write(batch));
    ASSERT_TRUE(encoder->finish());
    EXPECT_TRUE(sink.bytes() == expected);
  }
}

TEST(BlockEncoder, ASinkThatFailsStopsEverything) {
  for (int count : {1, 4}) {
    BreakingSink sink(500'000);
    auto encoder = make_encoder("csv", sink, threads(count));
    ASSERT_TRUE((*encoder)->begin(numbers(0, 1)->schema()));
    Status status;
    int writes = 0;
    while (status && writes < 1000) {
      status = (*encoder)->write(numbers(0, 20'000));
      ++writes;
    }
    ASSERT_FALSE(status);
    EXPECT_LT(writes, 30);
    EXPECT_EQ(status.error().code, ErrorCode::Cancelled);
    EXPECT_EQ((*encoder)->write(numbers(0, 1)).error().code, ErrorCode::Cancelled);
    EXPECT_EQ((*encoder)->finish().error().code, ErrorCode::Cancelled);
    EXPECT_TRUE(sink.abandoned);
    EXPECT_FALSE(sink.finished);
  }
}

TEST(BlockEncoder, AFormatterThatFailsStopsEverything) {
  for (int count : {1, 4}) {
    auto formatter = std::make_unique<NumberFormatter>();
    formatter->fail_at = 60'000;
    StringSink sink;
    auto encoder = make_block_encoder(std::move(formatter), sink, count);
    ASSERT_TRUE(encoder->begin(numbers(0, 1)->schema()));
    Status status = encoder->write(numbers(0, 200'000));
    if (status)
      status = encoder->finish();
    else
      encoder->abandon();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message, "a row that cannot be written");
    EXPECT_TRUE(sink.abandoned());
    EXPECT_FALSE(sink.finished());
    EXPECT_TRUE(std::string("begin\n").append(sink.bytes().substr(6)) == sink.bytes());
    EXPECT_EQ(sink.bytes().find("60000\n"), std::string::npos);
  }
}

TEST(BlockEncoder, AbandonedMidwayEndsItsThreads) {
  for (int count : {1, 4}) {
    StringSink sink;
    auto encoder = make_encoder("json", sink, threads(count));
    ASSERT_TRUE((*encoder)->begin(numbers(0, 1)->schema()));
    ASSERT_TRUE((*encoder)->write(numbers(0, 100'000)));
    (*encoder)->abandon();
    EXPECT_TRUE(sink.abandoned());
    EXPECT_FALSE(sink.finished());
    EXPECT_NE(sink.bytes().back(), '}');
  }
}

// A reader sees the first batch without waiting for a second one.
TEST(BlockEncoder, TheFirstBatchIsWrittenAtOnce) {
  StringSink sink;
  auto encoder = make_encoder("ndjson", sink, threads(4));
  ASSERT_TRUE((*encoder)->begin(numbers(0, 1)->schema()));
  ASSERT_TRUE((*encoder)->write(numbers(0, 10)));
  EXPECT_EQ(std::ranges::count(sink.bytes(), '\n'), 10);
  ASSERT_TRUE((*encoder)->finish());
}

// Remembers the largest write.
class MeasuringSink final : public ByteSink {
 public:
  Status write(std::string_view bytes) override {
    largest = std::max(largest, bytes.size());
    total += bytes.size();
    return {};
  }
  Status finish() override { return {}; }
  void abandon() override {}
  std::size_t largest = 0;
  std::size_t total = 0;
};

TEST(BlockEncoder, BlocksStaySmallWhereValuesAreLarge) {
  for (int count : {1, 2}) {
    MeasuringSink sink;
    auto encoder = make_encoder("csv", sink, threads(count));
    ASSERT_TRUE((*encoder)->begin(numbers(0, 1)->schema()));
    ASSERT_TRUE((*encoder)->write(numbers(0, 50'000)));
    for (int i = 0; i < 4; ++i) ASSERT_TRUE((*encoder)->write(numbers(0, 200, 50'000)));
    ASSERT_TRUE((*encoder)->finish());
    EXPECT_GT(sink.total, 40'000'000u);
    EXPECT_LT(sink.largest, 2 * limits::kMiB);
  }
}

}  // namespace
}  // namespace canvasback
