// ResultStream through the engine that makes it.
#include "engine/duckdb/result_stream.hpp"

#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

#include <thread>

#include "engine/duckdb/test_support.hpp"

namespace canvasback {
namespace {

using Rows = std::vector<std::string>;

class ResultStreamTest : public testing::Test {
 protected:
  std::unique_ptr<BatchStream> open(const std::string& sql, std::optional<std::int64_t> row_limit = {},
                                    CancelToken cancel = {}, int threads = 2) {
    auto stream = engine_->execute({sql, {}, {}, row_limit, threads}, cancel);
    EXPECT_TRUE(stream) << (stream ? "" : stream.error().message);
    return stream ? std::move(*stream) : nullptr;
  }
  std::unique_ptr<Engine> engine_ = open_engine({});
};

TEST_F(ResultStreamTest, RowsKeepTheirOrderAcrossBatches) {
  for (int threads : {1, 3}) {
    auto stream = open("SELECT i FROM range(300000) t(i) ORDER BY i", {}, {}, threads);
    std::int64_t expected = 0;
    int batches = 0;
    while (BatchPtr batch = stream->next().value()) {
      ++batches;
      EXPECT_TRUE(batch->schema()->Equals(*stream->schema()));
      const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
      for (std::int64_t i = 0; i < column.length(); ++i) ASSERT_EQ(column.Value(i), expected++);
    }
    EXPECT_EQ(expected, 300'000);
    EXPECT_GT(batches, 4);
    EXPECT_EQ(stream->next().value(), nullptr);
  }
}

TEST_F(ResultStreamTest, ARowLimitEndsTheStream) {
  EXPECT_EQ(rows_of(*open("SELECT i FROM range(10) t(i) ORDER BY i", 3)), (Rows{"0", "1", "2"}));
  EXPECT_EQ(rows_of(*open("SELECT i FROM range(3) t(i) ORDER BY i", 3)), (Rows{"0", "1", "2"}));
  EXPECT_EQ(rows_of(*open("SELECT i FROM range(3) t(i) ORDER BY i", 0)), Rows());
  EXPECT_EQ(rows_of(*open("SELECT i FROM range(0) t(i)")), Rows());
}

TEST_F(ResultStreamTest, TypesTravelWithTheirSqlNames) {
  auto stream = open("SELECT 1::HUGEINT AS h, uuid() AS u, 1.5::DECIMAL(12,2) AS d, {'a b': [1]} AS s");
  const auto type = [&](int i) { return stream->schema()->field(i)->metadata()->Get("canvasback.type").ValueOr(""); };
  EXPECT_EQ(type(0), "HUGEINT");
  EXPECT_EQ(type(1), "UUID");
  EXPECT_EQ(type(2), "DECIMAL(12,2)");
  EXPECT_EQ(type(3), "STRUCT(\"a b\" INTEGER[])");
  EXPECT_EQ(rows_of(*stream).size(), 1U);
}

TEST_F(ResultStreamTest, AnErrorInTheMiddleComesBehindTheRowsBeforeIt) {
  auto stream = open("SELECT CASE WHEN i = 250000 THEN error('boom') ELSE i END FROM range(300000) t(i)");
  Result<BatchPtr> batch;
  do {
    batch = stream->next();
  } while (batch && *batch);
  ASSERT_FALSE(batch);
  EXPECT_NE(batch.error().message.find("boom"), std::string::npos);
  auto after = stream->next();
  EXPECT_TRUE(after && !*after) << "after an error the stream is over";
}

// Of a statement's threads one fails and the others are interrupted: whichever is heard first, the failure is told.
TEST_F(ResultStreamTest, AnErrorIsNeverTakenForACancel) {
  const std::string sql =
      "SELECT CASE WHEN i = 290000 THEN CAST('x' || i AS BIGINT) ELSE i END AS j FROM range(300000) t(i)";
  for (int i = 0; i < 100; ++i) {
    auto stream = open(sql);
    ASSERT_TRUE(stream);
    Result<BatchPtr> batch = stream->next();
    while (batch && *batch) batch = stream->next();
    ASSERT_FALSE(batch);
    ASSERT_EQ(batch.error().code, ErrorCode::QueryInvalid) << i << ": " << batch.error().message;
    ASSERT_NE(batch.error().message.find("x290000"), std::string::npos) << batch.error().message;
  }
}

TEST_F(ResultStreamTest, CancelEndsAnEndlessStatementWithTheReason) {
  CancelToken cancel;
  auto stream = open("SELECT i FROM range(1000000000000) t(i)", {}, cancel);
  ASSERT_TRUE(stream->next());
  cancel.cancel(CancelReason::Timeout);
  Result<BatchPtr> batch;
  do {
    batch = stream->next();
  } while (batch && *batch);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::QueryTimeout);
}

TEST_F(ResultStreamTest, DroppingItStopsTheStatementAndTheNextOneRuns) {
  open("SELECT i FROM range(1000000000000) t(i)")->next().value();
  EXPECT_EQ(rows_of(*open("SELECT 7")), Rows{"7"});
}

TEST_F(ResultStreamTest, WideRowsComeInSmallBatches) {
  auto stream = open("SELECT repeat('x', 50000) FROM range(600)");
  std::int64_t rows = 0;
  while (BatchPtr batch = stream->next().value()) {
    EXPECT_LE(batch->num_rows(), 2048);
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, 600);
}

}  // namespace
}  // namespace canvasback
