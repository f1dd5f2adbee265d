#include "storage/parquet/scan.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "base/limits.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "storage/parquet/test_support.hpp"

namespace canvasback {
namespace {

using Ids = std::vector<std::int64_t>;

Ids from_to(std::int64_t first, std::int64_t end) {
  Ids ids(static_cast<std::size_t>(end - first));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

Result<Ids> ids_of(BatchStream& stream) {
  Ids ids;
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream.next());
    if (!batch) break;
    EXPECT_GT(batch->num_rows(), 0);
    EXPECT_TRUE(batch->schema()->Equals(*stream.schema()));
    EXPECT_TRUE(batch->ValidateFull().ok());
    const auto column = std::static_pointer_cast<arrow::Int64Array>(batch->GetColumnByName("id"));
    for (std::int64_t i = 0; i < column->length(); ++i) ids.push_back(column->Value(i));
  }
  auto again = stream.next();
  EXPECT_TRUE(again && !*again) << "the end stays the end";
  return ids;
}

Result<Ids> scan_ids(ScanOptions options) {
  CANVASBACK_ASSIGN(auto stream, make_parquet_scan(std::move(options), CancelToken()));
  return ids_of(*stream);
}

// Rows 0 to 249 in two files of row groups of 30, with an empty file between them.
class ParquetScanTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::vector<DataFile> files_{write_parquet(folder_ / "a.parquet", numbered(0, 100), 30),
                               write_parquet(folder_ / "b.parquet", numbered(100, 0), 30),
                               write_parquet(folder_ / "c.parquet", numbered(100, 150), 30)};
};

TEST_F(ParquetScanTest, RowsComeInFileOrderWhateverTheThreads) {
  for (int threads : {1, 3, 50}) {
    EXPECT_EQ(scan_ids({files_, {}, 0, {}, threads}).value(), from_to(0, 250)) << threads;
  }
}

TEST_F(ParquetScanTest, OffsetAndLimitCrossRowGroupsAndFiles) {
  for (const auto& [offset, limit] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {0, 1}, {29, 2}, {30, 30}, {95, 20}, {99, 1}, {100, 150}, {249, 1}, {7, 240}}) {
    EXPECT_EQ(scan_ids({files_, {"id"}, offset, limit, 2}).value(), from_to(offset, offset + limit)) << offset;
  }
  EXPECT_EQ(scan_ids({files_, {}, 240, 1000, 2}).value(), from_to(240, 250));
}

TEST_F(ParquetScanTest, NothingIsNoRowsNotAnError) {
  EXPECT_EQ(scan_ids({files_, {}, 250, {}, 2}).value(), Ids());
  EXPECT_EQ(scan_ids({files_, {}, 0, 0, 2}).value(), Ids());
  EXPECT_EQ(scan_ids({{files_[1]}, {}, 0, {}, 2}).value(), Ids());
  auto empty = make_parquet_scan({{files_[1]}, {}, 0, {}, 1}, CancelToken());
  ASSERT_TRUE(empty);
  EXPECT_EQ((*empty)->schema()->num_fields(), 2);
}

TEST_F(ParquetScanTest, ColumnsComeInTheOrderWanted) {
  auto stream = make_parquet_scan({files_, {"text", "id"}, 5, 1, 1}, CancelToken());
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->schema()->ToString(), "text: string\nid: int64");
  const BatchPtr batch = (*stream)->next().value();
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*batch->column(0)).GetString(0), "row 5");
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*batch->column(1)).Value(0), 5);
}

TEST_F(ParquetScanTest, WhatIsNotThereIsSaidAtOnce) {
  EXPECT_FALSE(make_parquet_scan({files_, {"none"}, 0, {}, 1}, CancelToken()));
  EXPECT_FALSE(make_parquet_scan({{}, {}, 0, {}, 1}, CancelToken()));
  std::filesystem::remove(files_[0].path);
  EXPECT_FALSE(make_parquet_scan({files_, {}, 0, {}, 1}, CancelToken()));
}

TEST_F(ParquetScanTest, AFileThatChangedSinceItWasListedIsAnErrorNotItsNewRows) {
  write_parquet(folder_ / "c.parquet", numbered(100, 151), 30);
  const auto result = scan_ids({files_, {}, 0, {}, 1});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("c.parquet"), std::string::npos);
}

TEST_F(ParquetScanTest, ACancelledScanEndsWithTheReason) {
  CancelToken cancel;
  auto stream = make_parquet_scan({files_, {}, 0, {}, 2}, cancel);
  ASSERT_TRUE(stream);
  cancel.cancel(CancelReason::Timeout);
  // Batches that are decoded already may still come.
  Status status;
  for (int i = 0; i < 20 && status; ++i) {
    auto batch = (*stream)->next();
    if (!batch) status = std::unexpected(batch.error());
    if (batch && !*batch) break;
  }
  if (!status) {
    EXPECT_EQ(status.error().code, ErrorCode::QueryTimeout);
  }
}

TEST_F(ParquetScanTest, DroppingItEarlyEndsItsThreads) {
  auto stream = make_parquet_scan({files_, {}, 0, {}, 4}, CancelToken());
  ASSERT_TRUE(stream);
  EXPECT_TRUE((*stream)->next());
}

// 60 MB of text, more than may be decoded ahead: the batches stay small, and all rows come.
TEST(ParquetScan, WideTextsComeInSmallBatches) {
  TemporaryFolder folder;
  constexpr std::int64_t kRows = 1200;
  constexpr std::size_t kWidth = 50'000;
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < kRows; ++i) texts.push_back(std::string(kWidth, static_cast<char>('a' + i % 26)));
  auto table =
      arrow::Table::Make(arrow::schema({arrow::field("t", arrow::utf8())}), {array_from<arrow::StringBuilder>(texts)});
  const DataFile file = write_parquet(folder / "wide.parquet", table, 400);
  auto stream = make_parquet_scan({{file}, {}, 0, {}, 2}, CancelToken());
  ASSERT_TRUE(stream);
  std::int64_t rows = 0;
  while (BatchPtr batch = (*stream)->next().value()) {
    const auto& column = static_cast<const arrow::StringArray&>(*batch->column(0));
    EXPECT_LE(column.total_values_length(), static_cast<std::int64_t>(2 * limits::kScanBytesInFlight));
    EXPECT_EQ(column.GetView(0)[0], static_cast<char>('a' + rows % 26));
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, kRows);
}

TEST_F(ParquetScanTest, ARowGroupIsReadWhole) {
  const BatchPtr block = read_rows(files_[2], {"text"}, {1, 0, 30}, 2).value();
  EXPECT_EQ(block->num_rows(), 30);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*block->column(0)).GetString(0), "row 130");
  EXPECT_FALSE(read_rows(files_[2], {"none"}, {1, 0, 30}, 1));
  EXPECT_GT(row_group_bytes(files_[2], 1, {}).value(), row_group_bytes(files_[2], 1, {"id"}).value());
}

TEST(LocateRows, FindsTheRowGroupsFromCountsAlone) {
  const std::vector<DataFile> files{{"a", 0, 0, 0, 30, {10, 0, 20}}, {"b", 0, 0, 0, 0, {}}, {"c", 0, 0, 0, 5, {5}}};
  const auto places = [&](std::int64_t offset, std::optional<std::int64_t> limit) {
    std::string text;
    for (const RowRange& range : locate_rows(files, offset, limit)) {
      text += std::to_string(range.file) + "." + std::to_string(range.row_group) + ":" + std::to_string(range.skip) +
              "+" + std::to_string(range.take) + " ";
    }
    return text;
  };
  EXPECT_EQ(places(0, {}), "0.0:0+10 0.2:0+20 2.0:0+5 ");
  EXPECT_EQ(places(9, 2), "0.0:9+1 0.2:0+1 ");
  EXPECT_EQ(places(10, 1), "0.2:0+1 ");
  EXPECT_EQ(places(29, 100), "0.2:19+1 2.0:0+5 ");
  EXPECT_EQ(places(35, {}), "");
  EXPECT_EQ(places(0, 0), "");
}

// Each byte of a file is damaged once: an error or other values, never the end of the process.
TEST(ParquetScan, DamagedFilesAreErrors) {
  TemporaryFolder folder;
  const DataFile whole = write_parquet(folder / "whole.parquet", numbered(0, 6), 3);
  const std::string bytes = file_bytes(whole.path);
  int errors = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    DataFile file = stat_of(folder.write("damaged" + std::to_string(at), damaged));
    Dataset dataset;
    dataset.files = {file};
    dataset.columns = {{"id", "BIGINT", {}, {}, {}}, {"text", "VARCHAR", {}, {}, {}}};
    if (!add_parquet_footers(dataset) || !dataset.plain_scan) {
      ++errors;
      continue;
    }
    auto stream = make_parquet_scan({dataset.files, {}, 0, 100, 2}, CancelToken());
    bool failed = !stream;
    while (!failed) {
      auto batch = (*stream)->next();
      failed = !batch;
      if (batch && !*batch) break;
    }
    errors += failed ? 1 : 0;
  }
  EXPECT_GT(errors, 100);
}

}  // namespace
}  // namespace canvasback
