#include "storage/table_file.hpp"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/limits.hpp"
#include "base/test_support.hpp"

namespace canvasback {
namespace {

BatchPtr numbers(std::int64_t first, std::int64_t rows) {
  arrow::Int64Builder values;
  arrow::StringBuilder texts;
  for (std::int64_t i = first; i < first + rows; ++i) {
    EXPECT_TRUE(values.Append(i).ok());
    EXPECT_TRUE((i % 3 == 0 ? texts.AppendNull() : texts.Append("n" + std::to_string(i))).ok());
  }
  auto schema = arrow::schema({arrow::field("i", arrow::int64()), arrow::field("t", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, rows, {values.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
}

class TableFileTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::vector<std::int64_t>& batches) {
    const std::string path = folder_ / name;
    auto writer = TableFileWriter::create(path, numbers(0, 0)->schema());
    EXPECT_TRUE(writer);
    std::int64_t first = 0;
    for (std::int64_t rows : batches) {
      EXPECT_TRUE((*writer)->write(*numbers(first, rows)));
      first += rows;
    }
    EXPECT_EQ((*writer)->rows(), first);
    EXPECT_TRUE((*writer)->close());
    return path;
  }

  TemporaryFolder folder_;
};

TEST_F(TableFileTest, RowsComeBackFromAnywhere) {
  const auto table = TableFile::open(write("a.arrow", {5, 1, 100}));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows(), 106);
  for (std::int64_t row = 0; row < 106; ++row) {
    const auto [batch, at] = table->locate(row);
    EXPECT_EQ(static_cast<const arrow::Int64Array&>(*table->batch(batch)->column(0)).Value(at), row);
  }
  table->forget_pages();
  std::int64_t next = 3;
  for (const BatchPtr& batch : table->slice(3, 1000)) {
    EXPECT_TRUE(batch->Equals(*numbers(next, batch->num_rows())));
    next += batch->num_rows();
  }
  EXPECT_EQ(next, 106);
  EXPECT_TRUE(table->slice(106, 110).empty());
  EXPECT_TRUE(table->slice(7, 7).empty());
}

TEST_F(TableFileTest, ATableWithoutRowsHasItsSchema) {
  const auto table = TableFile::open(write("empty.arrow", {}));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows(), 0);
  EXPECT_EQ(table->schema()->num_fields(), 2);
  EXPECT_TRUE(table->slice(0, 10).empty());
}

TEST_F(TableFileTest, WhatIsNoTableIsNotOpened) {
  EXPECT_FALSE(TableFile::open(folder_ / "none.arrow"));
  EXPECT_FALSE(TableFile::open(folder_.write("text.arrow", "no table at all, but some text")));
  const std::string whole = write("cut.arrow", {1000});
  std::filesystem::resize_file(whole, std::filesystem::file_size(whole) / 2);
  EXPECT_FALSE(TableFile::open(whole));
}

TEST_F(TableFileTest, AMapForgetsWhatTheCacheForgot) {
  const std::string path = write("key.arrow", {10});
  TableMap map(std::filesystem::path(path).parent_path());
  EXPECT_TRUE(map.has("key"));
  const auto table = map.find("key");
  ASSERT_TRUE(table);
  EXPECT_EQ(map.find("key"), table);
  std::filesystem::remove(path);
  EXPECT_FALSE(map.find("key"));
  EXPECT_FALSE(map.has("key"));
  EXPECT_EQ(table->slice(2, 3)[0]->num_rows(), 1) << "who has it open keeps it";
}

TEST_F(TableFileTest, ColumnsHaveAKeyEach) {
  EXPECT_NE(column_part_key("v", "a", 0), column_part_key("v", "a", 1));
  EXPECT_NE(column_part_key("v", "a", 0), column_part_key("v", "b", 0));
  EXPECT_NE(column_part_key("v", "a", 0), column_part_key("w", "a", 0));
  EXPECT_EQ(column_part_key("v", "a", 0), column_part_key("v", "a", 0));
  EXPECT_EQ(column_part_key("v", "a", 0).size(), 64U);
}

}  // namespace
}  // namespace canvasback
