// For the tests of storage/parquet: Parquet files with numbers that tell where a row stands.
#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/test_support.hpp"
#include "storage/dataset.hpp"
#include "storage/file_identity.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

inline DataFile stat_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  DataFile file;
  file.path = path;
  take_identity(file, info);
  return file;
}

// Row counts are split as the writer does it.
inline DataFile write_parquet(const std::string& path, const std::shared_ptr<arrow::Table>& table,
                              std::int64_t row_group_rows) {
  auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  const auto status = parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, row_group_rows);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(sink->Close().ok());
  DataFile file = stat_of(path);
  file.rows = table->num_rows();
  for (std::int64_t left = file.rows; left > 0; left -= row_group_rows) {
    file.row_group_rows.push_back(std::min(left, row_group_rows));
  }
  return file;
}

template <class Builder, class Value>
std::shared_ptr<arrow::Array> array_from(const std::vector<Value>& values) {
  Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

// id: first, first + 1, …; text: "row " and the id.
inline std::shared_ptr<arrow::Table> numbered(std::int64_t first, std::int64_t rows) {
  std::vector<std::int64_t> ids;
  std::vector<std::string> texts;
  for (std::int64_t i = first; i < first + rows; ++i) {
    ids.push_back(i);
    texts.push_back("row " + std::to_string(i));
  }
  auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8())});
  return arrow::Table::Make(schema, {array_from<arrow::Int64Builder>(ids), array_from<arrow::StringBuilder>(texts)});
}

}  // namespace canvasback
