#include "worker/roles/query/place_stream.hpp"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <deque>

namespace canvasback {
namespace {

class Batches final : public BatchStream {
 public:
  Batches(SchemaPtr schema, std::deque<Result<BatchPtr>> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override {
    if (batches_.empty()) return BatchPtr();
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    return batch;
  }

 private:
  SchemaPtr schema_;
  std::deque<Result<BatchPtr>> batches_;
};

// id, the sort value as text, file index, row in file.
BatchPtr placed(const std::string& ids, const std::string& values, const std::string& files, const std::string& rows) {
  const auto column = [](const auto& type, const std::string& json) {
    return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  };
  arrow::ArrayVector arrays{column(arrow::int64(), ids), column(arrow::utf8(), values), column(arrow::int64(), files),
                            column(arrow::int64(), rows)};
  auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("k", arrow::utf8()),
                               arrow::field("f", arrow::int64()), arrow::field("r", arrow::int64())});
  return arrow::RecordBatch::Make(schema, arrays[0]->length(), arrays);
}

TEST(PlaceStream, TakesTheHiddenColumnsOffAndRemembersTheLastRow) {
  const BatchPtr first = placed("[1, 2]", R"(["a", "b"])", "[0, 0]", "[7, 9]");
  const BatchPtr second = placed("[3]", "[null]", "[1]", "[4]");
  PlaceStream stream(std::make_unique<Batches>(first->schema(), std::deque<Result<BatchPtr>>{first, second}), 3, 10);
  EXPECT_EQ(stream.schema()->ToString(), "id: int64");
  EXPECT_EQ(stream.last().file_index, -1) << "nothing was read yet";
  EXPECT_EQ(stream.next().value()->num_columns(), 1);
  EXPECT_EQ(stream.last().values, std::vector<std::optional<std::string>>{"b"});
  EXPECT_EQ(stream.last().file_row, 9);
  EXPECT_EQ(stream.next().value()->num_rows(), 1);
  EXPECT_EQ(stream.last().values, std::vector<std::optional<std::string>>{std::nullopt});
  EXPECT_EQ(stream.last().file_index, 1);
  EXPECT_EQ(stream.next().value(), nullptr);
  EXPECT_FALSE(stream.more());
  EXPECT_EQ(stream.rows(), 3);
}

TEST(PlaceStream, WithoutHiddenColumnsItOnlyCounts) {
  const BatchPtr batch = placed("[1, 2]", R"(["a", "b"])", "[0, 0]", "[7, 9]");
  PlaceStream stream(std::make_unique<Batches>(batch->schema(), std::deque<Result<BatchPtr>>{batch}), 0, 10);
  EXPECT_EQ(stream.next().value()->num_columns(), 4);
  EXPECT_EQ(stream.rows(), 2);
  EXPECT_EQ(stream.last().file_index, -1);
}

TEST(PlaceStream, TheRowBehindThePageIsNotPassedOnAndSaysThatThereIsMore) {
  const BatchPtr first = placed("[1, 2]", R"(["a", "b"])", "[0, 0]", "[7, 9]");
  const BatchPtr second = placed("[3, 4]", R"(["c", "d"])", "[1, 1]", "[4, 5]");
  const auto paged = [&](std::int64_t rows_max) {
    return PlaceStream(std::make_unique<Batches>(first->schema(), std::deque<Result<BatchPtr>>{first, second}), 3,
                       rows_max);
  };
  for (const auto& [rows_max, last] : std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 7}, {2, 9}, {3, 4}}) {
    PlaceStream stream = paged(rows_max);
    while (stream.next().value()) continue;
    EXPECT_EQ(stream.rows(), rows_max);
    EXPECT_TRUE(stream.more()) << rows_max;
    EXPECT_EQ(stream.last().file_row, last);
    EXPECT_EQ(stream.next().value(), nullptr);
  }
  PlaceStream exact = paged(4);
  while (exact.next().value()) continue;
  EXPECT_EQ(exact.rows(), 4);
  EXPECT_FALSE(exact.more());
}

TEST(PlaceStream, ErrorsPassThrough) {
  const BatchPtr batch = placed("[1]", R"(["a"])", "[0]", "[7]");
  std::deque<Result<BatchPtr>> batches;
  batches.emplace_back(fail(ErrorCode::InvalidData, "broken"));
  PlaceStream stream(std::make_unique<Batches>(batch->schema(), std::move(batches)), 3, 10);
  EXPECT_EQ(stream.next().error().message, "broken");
  EXPECT_FALSE(stream.more());
}

}  // namespace
}  // namespace canvasback
