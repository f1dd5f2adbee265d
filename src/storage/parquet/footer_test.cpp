#include "storage/parquet/footer.hpp"

#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "storage/parquet/test_support.hpp"

namespace canvasback {
namespace {

struct Column {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string values;
};

std::shared_ptr<arrow::Table> table_of(const std::vector<Column>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const Column& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(arrow::json::ArrayFromJSONString(column.type, column.values).ValueOrDie());
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), arrays);
}

// A dataset of these files whose columns the engine has named.
Dataset dataset_of(std::vector<DataFile> files, const std::vector<Column>& columns) {
  Dataset dataset;
  dataset.name = "d";
  for (DataFile& file : files) {
    file.rows = -1;
    file.row_group_rows.clear();
  }
  dataset.files = std::move(files);
  for (const Column& column : columns) dataset.columns.push_back({column.name, "ANY", {}, {}, {}});
  return dataset;
}

class FooterTest : public testing::Test {
 protected:
  Dataset with(const std::vector<Column>& columns, std::int64_t row_group_rows = 100) {
    Dataset dataset = dataset_of({write_parquet(folder_ / "t.parquet", table_of(columns), row_group_rows)}, columns);
    EXPECT_TRUE(add_parquet_footers(dataset));
    return dataset;
  }
  TemporaryFolder folder_;
};

TEST_F(FooterTest, CountsRowsAndRowGroups) {
  Dataset dataset = dataset_of({write_parquet(folder_ / "a.parquet", numbered(0, 25), 10),
                                write_parquet(folder_ / "b.parquet", numbered(25, 0), 10)},
                               {{"id", nullptr, ""}, {"text", nullptr, ""}});
  ASSERT_TRUE(add_parquet_footers(dataset));
  EXPECT_EQ(dataset.rows, 25);
  EXPECT_EQ(dataset.files[0].row_group_rows, (std::vector<std::int64_t>{10, 10, 5}));
  EXPECT_EQ(dataset.files[1].rows, 0);
  EXPECT_TRUE(dataset.plain_scan);
}

TEST_F(FooterTest, StatisticsSpanRowGroupsAndFiles) {
  Dataset dataset = dataset_of({write_parquet(folder_ / "a.parquet", numbered(50, 25), 10),
                                write_parquet(folder_ / "b.parquet", numbered(7, 3), 10)},
                               {{"id", nullptr, ""}, {"text", nullptr, ""}});
  ASSERT_TRUE(add_parquet_footers(dataset));
  EXPECT_EQ(dataset.columns[0].min, "7");
  EXPECT_EQ(dataset.columns[0].max, "74");
  EXPECT_EQ(dataset.columns[0].null_count, 0);
  EXPECT_EQ(dataset.columns[1].min, "row 50");
  EXPECT_EQ(dataset.columns[1].max, "row 9");
}

TEST_F(FooterTest, NullsAreCountedAndBoundsIgnoreThem) {
  const Dataset dataset =
      with({{"n", arrow::int32(), "[null, null, 5, 3]"}, {"z", arrow::int32(), "[null, null, null, null]"}}, 2);
  EXPECT_EQ(dataset.columns[0].null_count, 2);
  EXPECT_EQ(dataset.columns[0].min, "3");
  EXPECT_EQ(dataset.columns[0].max, "5");
  EXPECT_EQ(dataset.columns[1].null_count, 4);
  EXPECT_EQ(dataset.columns[1].min, std::nullopt);
}

TEST_F(FooterTest, DecimalsAndUnsignedOrderByValue) {
  const Dataset dataset = with({{"d", arrow::decimal128(12, 2), R"(["-10.00", "9.00", "100.50"])"},
                                {"u", arrow::uint64(), "[1, 18446744073709551615, 2]"},
                                {"day", arrow::date32(), "[-1, 0, 5]"}},
                               1);
  EXPECT_EQ(dataset.columns[0].min, "-10.00");
  EXPECT_EQ(dataset.columns[0].max, "100.50");
  EXPECT_EQ(dataset.columns[1].max, "18446744073709551615");
  EXPECT_EQ(dataset.columns[2].min, "1969-12-31");
}

TEST_F(FooterTest, OnlyPlainTypesAreScannedWithoutTheEngine) {
  EXPECT_TRUE(with({{"a", arrow::list(arrow::int32()), "[[1], null]"}}).plain_scan);
  EXPECT_TRUE(with({{"a", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[0]"}}).plain_scan);
  EXPECT_FALSE(with({{"a", arrow::time64(arrow::TimeUnit::MICRO), "[0]"}}).plain_scan);
  EXPECT_FALSE(with({{"a", arrow::fixed_size_binary(16), "[null]"}}).plain_scan);
  EXPECT_FALSE(with({{"a", arrow::map(arrow::utf8(), arrow::int32()), "[null]"}}).plain_scan);
}

TEST_F(FooterTest, FilesOfSeveralSchemasAreNotScannedWithoutTheEngine) {
  const DataFile numbers = write_parquet(folder_ / "a.parquet", numbered(0, 2), 10);
  const DataFile same = write_parquet(folder_ / "b.parquet", numbered(5, 2), 10);
  const DataFile other = write_parquet(
      folder_ / "c.parquet", table_of({{"id", arrow::int32(), "[1]"}, {"text", arrow::utf8(), R"(["a"])"}}), 10);
  const std::vector<Column> columns{{"id", nullptr, ""}, {"text", nullptr, ""}};
  for (const auto& [files, plain] :
       {std::pair(std::vector{numbers, same}, true), std::pair(std::vector{numbers, other}, false)}) {
    Dataset dataset = dataset_of(files, columns);
    ASSERT_TRUE(add_parquet_footers(dataset));
    EXPECT_EQ(dataset.plain_scan, plain);
  }
}

TEST_F(FooterTest, ColumnsUnderOtherNamesAreNotScannedWithoutTheEngine) {
  Dataset dataset = dataset_of({write_parquet(folder_ / "a.parquet", numbered(0, 2), 10)},
                               {{"id", nullptr, ""}, {"text_1", nullptr, ""}});
  ASSERT_TRUE(add_parquet_footers(dataset));
  EXPECT_FALSE(dataset.plain_scan);
}

TEST_F(FooterTest, OnlyUnchangedColumnsHaveStatistics) {
  Dataset dataset = dataset_of({write_parquet(folder_ / "a.parquet", numbered(0, 2), 10)},
                               {{"id", nullptr, ""}, {"text", nullptr, ""}});
  ASSERT_TRUE(add_parquet_footers(dataset, {"id"}));
  EXPECT_EQ(dataset.columns[0].max, "1");
  EXPECT_EQ(dataset.columns[1].max, std::nullopt);
  EXPECT_EQ(dataset.columns[1].null_count, std::nullopt);
}

TEST_F(FooterTest, NanIsNoBound) {
  auto nan = arrow::json::ArrayFromJSONString(arrow::float64(), "[1.5, NaN, NaN]").ValueOrDie();
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("x", arrow::float64())}), {nan});
  Dataset dataset = dataset_of({write_parquet(folder_ / "n.parquet", table, 1)}, {{"x", nullptr, ""}});
  ASSERT_TRUE(add_parquet_footers(dataset));
  EXPECT_EQ(dataset.columns[0].max, std::nullopt);
}

TEST_F(FooterTest, AFileThatIsNoParquetIsInvalidAndNamed) {
  for (const char* bytes : {"", "PAR1", "PAR1PAR1", "PAR1\xff\xff\xff\x7fPAR1", "not parquet at all"}) {
    const auto footer = read_footer(stat_of(folder_.write("bad.parquet", bytes)));
    ASSERT_FALSE(footer);
    EXPECT_EQ(footer.error().code, ErrorCode::InvalidData);
    EXPECT_NE(footer.error().message.find("bad.parquet"), std::string::npos);
  }
}

TEST_F(FooterTest, AFileThatChangedSinceItWasListedIsRefused) {
  const DataFile file = write_parquet(folder_ / "a.parquet", numbered(0, 2), 10);
  DataFile listed = file;
  listed.bytes += 1;
  EXPECT_FALSE(read_footer(listed));
  EXPECT_FALSE(open_data_file(listed));
  listed = file;
  listed.inode += 1;
  EXPECT_FALSE(read_footer(listed));
  EXPECT_TRUE(read_footer(file));
  EXPECT_EQ(read_footer(file).value(), read_footer(file).value()) << "read once";
}

}  // namespace
}  // namespace canvasback
