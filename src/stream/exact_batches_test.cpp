#include "stream/exact_batches.hpp"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

namespace canvasback {
namespace {

// Numbers from 0, in batches of the given sizes.
class Numbers final : public BatchStream {
 public:
  explicit Numbers(std::vector<std::int64_t> sizes) : sizes_(std::move(sizes)) {}
  SchemaPtr schema() const override { return arrow::schema({arrow::field("n", arrow::int64())}); }
  Result<BatchPtr> next() override {
    if (at_ == sizes_.size()) return BatchPtr();
    arrow::Int64Builder builder;
    for (std::int64_t i = 0; i < sizes_[at_]; ++i) EXPECT_TRUE(builder.Append(next_++).ok());
    std::shared_ptr<arrow::Array> array;
    EXPECT_TRUE(builder.Finish(&array).ok());
    return arrow::RecordBatch::Make(schema(), sizes_[at_++], {array});
  }

 private:
  std::vector<std::int64_t> sizes_;
  std::size_t at_ = 0;
  std::int64_t next_ = 0;
};

TEST(ExactBatches, CutAndJoinAndLoseNothing) {
  for (const auto& sizes : {std::vector<std::int64_t>{}, {1}, {3}, {4}, {10, 1, 1, 7}, {2, 2, 2, 2, 2}}) {
    Numbers numbers(sizes);
    ExactBatches exact(numbers, 3);
    std::int64_t rows = 0;
    bool last = false;
    while (true) {
      auto batch = exact.next();
      ASSERT_TRUE(batch);
      if (!*batch) break;
      EXPECT_FALSE(last);
      last = (*batch)->num_rows() < 3;
      const auto& values = static_cast<const arrow::Int64Array&>(*(*batch)->column(0));
      for (std::int64_t i = 0; i < values.length(); ++i) EXPECT_EQ(values.Value(i), rows++);
    }
    std::int64_t wanted = 0;
    for (std::int64_t size : sizes) wanted += size;
    EXPECT_EQ(rows, wanted);
  }
}

}  // namespace
}  // namespace canvasback
