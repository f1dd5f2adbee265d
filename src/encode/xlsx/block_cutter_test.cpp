#include "encode/xlsx/block_cutter.hpp"

#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <random>

#include "encode/test_support.hpp"
#include "encode/xlsx/limits.hpp"

namespace canvasback::xlsx {
namespace {

BatchPtr texts_of(const std::vector<std::size_t>& sizes) {
  arrow::StringBuilder builder;
  for (const std::size_t size : sizes) EXPECT_TRUE(builder.Append(std::string(size, 'x')).ok());
  auto array = *builder.Finish();
  const auto rows = array->length();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("t", arrow::utf8())}), rows, {array});
}

std::vector<std::int64_t> cuts(const std::vector<BatchPtr>& batches) {
  BlockCutter cutter(*batches.at(0)->schema());
  std::vector<std::int64_t> rows;
  const auto take = [&](bool all) {
    while (auto block = cutter.cut(all)) {
      EXPECT_EQ(block->number, static_cast<std::int64_t>(rows.size()));
      std::int64_t sum = 0;
      for (const BatchPtr& part : block->parts) sum += part->num_rows();
      EXPECT_EQ(sum, block->rows);
      rows.push_back(block->rows);
    }
  };
  for (const BatchPtr& batch : batches) {
    cutter.push(batch);
    take(false);
  }
  take(true);
  return rows;
}

TEST(BlockCutter, CutsDependOnRowsAlone) {
  std::mt19937 random(1);
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 30'000; ++i) sizes.push_back(random() % 100 == 0 ? random() % 40'000 : random() % 50);
  const BatchPtr all = texts_of(sizes);
  const auto wanted = cuts({all});
  EXPECT_GT(wanted.size(), 5u);
  for (int i = 0; i < 20; ++i) {
    std::vector<BatchPtr> batches;
    for (std::int64_t at = 0; at < all->num_rows();) {
      const auto count = std::min<std::int64_t>(1 + random() % 5'000, all->num_rows() - at);
      batches.push_back(all->Slice(at, count));
      at += count;
    }
    EXPECT_EQ(cuts(batches), wanted);
  }
}

TEST(BlockCutter, LongTextsMakeShortBlocks) {
  EXPECT_EQ(cuts({texts_of({3'000'000, 3'000'000, 10})}), (std::vector<std::int64_t>{1, 1, 1}));
  for (const std::int64_t rows : cuts({texts_of(std::vector<std::size_t>(1'000, 32'000))})) EXPECT_LE(rows, 33);
}

TEST(BlockCutter, TextsOfNestedColumnsCount) {
  const auto bytes = [](const std::shared_ptr<arrow::DataType>& type, const std::string& json, std::int64_t start,
                        std::int64_t count) { return text_bytes(*array_of(type, json)->data(), start, count); };
  EXPECT_EQ(bytes(arrow::utf8(), R"(["ab", "c", "def"])", 1, 2), 4);
  EXPECT_EQ(bytes(arrow::list(arrow::utf8()), R"([["ab", "c"], [], ["def"]])", 0, 1), 3);
  EXPECT_EQ(bytes(arrow::list(arrow::utf8()), R"([["ab", "c"], [], ["def"]])", 1, 2), 3);
  EXPECT_EQ(bytes(arrow::struct_({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::int32())}),
                  R"([{"a": "xyz", "b": 1}, {"a": "", "b": 2}])", 0, 2),
            3 + 8);
  EXPECT_EQ(bytes(arrow::fixed_size_list(arrow::utf8(), 2), R"([["a", "b"], ["cc", "dd"]])", 1, 1), 4);
  EXPECT_EQ(bytes(arrow::utf8_view(), R"(["ab", null, "a longer text than fits"])", 0, 3), 2 + 23);
  const auto sliced = array_of(arrow::list(arrow::utf8()), R"([["ab"], ["c"], ["def"]])")->Slice(2);
  EXPECT_EQ(text_bytes(*sliced->data(), 0, 1), 3);
}

TEST(BlockCutter, ASheetsLastRowEndsABlock) {
  arrow::NullBuilder builder;
  ASSERT_TRUE(builder.AppendNulls(2 * kSheetRowsMax).ok());
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::null())}), 2 * kSheetRowsMax,
                                              {*builder.Finish()});
  std::int64_t rows = 0;
  int sheets = 0;
  for (const std::int64_t count : cuts({batch})) {
    rows += count;
    ASSERT_LE(rows, kSheetRowsMax - 1);
    if (rows < kSheetRowsMax - 1) continue;
    rows = 0;
    ++sheets;
  }
  EXPECT_EQ(sheets, 2);
  EXPECT_EQ(rows, 2);
}

}  // namespace
}  // namespace canvasback::xlsx
