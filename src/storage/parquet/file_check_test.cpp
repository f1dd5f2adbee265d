// Every bit of a file of a collection is covered: whichever is flipped, the check says so and names the file.
#include "storage/parquet/file_check.hpp"

#include <arrow/table.h>
#include <fcntl.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/unique_fd.hpp"
#include "storage/parquet/file_checksums.hpp"
#include "storage/parquet/part_writer.hpp"
#include "storage/parquet/test_support.hpp"

namespace canvasback {
namespace {

class FileCheckTest : public testing::Test {
 protected:
  // Three row groups with Bloom filters: as a commit, or as a part.
  std::string write(bool quick) {
    const std::string path = folder_ / "part.parquet";
    const auto table = numbered(0, 2'500);
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644));
    PartWriterOptions options;
    options.quick = quick;
    options.row_group_rows = 1000;
    options.bloom_columns = {"id", "text"};
    options.bloom_values = 1000;
    auto writer = PartWriter::open(fd.get(), table->schema(), options);
    EXPECT_TRUE(writer);
    arrow::TableBatchReader reader(*table);
    std::shared_ptr<arrow::RecordBatch> batch;
    while (reader.ReadNext(&batch).ok() && batch) EXPECT_TRUE((*writer)->write_batch(*batch));
    const auto written = (*writer)->finish(R"({"records":2500,"canvasback.checksums":"crc32 body="})");
    EXPECT_TRUE(written);
    EXPECT_EQ(written->bytes, std::filesystem::file_size(path));
    return path;
  }

  static std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void put(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  static Status check(const std::string& path) { return check_file(stat_of(path), CancelToken()); }

  TemporaryFolder folder_;
};

TEST_F(FileCheckTest, WhatWasWrittenIsRight) {
  for (bool quick : {true, false}) {
    const std::string path = write(quick);
    const Status status = check(path);
    EXPECT_TRUE(status) << status.error().message;
    EXPECT_TRUE(check_footer(stat_of(path)));
    EXPECT_EQ(*read_part_info(stat_of(path)), R"({"records":2500,"canvasback.checksums":"crc32 body="})");
  }
}

TEST_F(FileCheckTest, AFlippedBitAnywhereIsFound) {
  for (bool quick : {true, false}) {
    const std::string path = write(quick);
    const std::string whole = bytes_of(path);
    const std::size_t footer = footer_bytes(std::string_view(whole).substr(whole.size() - 8), whole.size());
    ASSERT_GT(footer, 0U);
    const std::size_t key = whole.rfind(kChecksumsKey);
    const std::size_t key_end = key + std::string_view(kChecksumsKey).size() + 13;
    // A step that is prime and so meets every kind of byte; the footer byte by byte.
    for (std::size_t at = 0; at < whole.size(); at += at + footer < whole.size() ? 37 : 1) {
      // Without the name of its entry a file is one from before there were checksums: nothing of it is wrong.
      if (at + 4 >= key && at < key_end) continue;
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
      put(path, damaged);
      const Status status = check(path);
      ASSERT_FALSE(status) << "byte " << at << " of " << whole.size();
      EXPECT_NE(status.error().message.find(path), std::string::npos) << status.error().message;
    }
  }
}

TEST_F(FileCheckTest, TheColumnIsNamed) {
  const std::string path = write(false);
  std::string bytes = bytes_of(path);
  const auto chunk = parquet::ParquetFileReader::OpenFile(path)->metadata()->RowGroup(1)->ColumnChunk(1);
  bytes[static_cast<std::size_t>(chunk->data_page_offset() + chunk->total_compressed_size() - 1)] ^= 1;
  put(path, bytes);
  const Status status = check(path);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("column text in row group 1"), std::string::npos) << status.error().message;
}

TEST_F(FileCheckTest, AFileThatIsShortOrAnotherIsFound) {
  const std::string path = write(true);
  const DataFile listed = stat_of(path);
  const std::string whole = bytes_of(path);
  for (std::size_t bytes : {std::size_t{0}, std::size_t{5}, std::size_t{12}, whole.size() / 2, whole.size() - 1}) {
    put(path, whole.substr(0, bytes));
    EXPECT_FALSE(check(path)) << bytes;
  }
  put(path, whole);
  EXPECT_TRUE(check(path));
  EXPECT_FALSE(check_file(listed, CancelToken())) << "it was written again";
  std::filesystem::remove(path);
  EXPECT_FALSE(check_file(listed, CancelToken()));
}

TEST_F(FileCheckTest, FilesFromBeforeTheChecksumsAreGoneThroughByPages) {
  const std::string path = folder_ / "older.parquet";
  const auto table = numbered(0, 2'500);
  auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  const auto properties = parquet::WriterProperties::Builder().enable_page_checksum()->build();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1000, properties).ok());
  ASSERT_TRUE(sink->Close().ok());
  EXPECT_TRUE(check(path));
  std::string bytes = bytes_of(path);
  const auto chunk = parquet::ParquetFileReader::OpenFile(path)->metadata()->RowGroup(2)->ColumnChunk(0);
  bytes[static_cast<std::size_t>(chunk->data_page_offset() + chunk->total_compressed_size() - 1)] ^= 1;
  put(path, bytes);
  EXPECT_FALSE(check(path));
}

}  // namespace
}  // namespace canvasback
