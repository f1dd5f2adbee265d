#include "storage/parquet/row_group_reader.hpp"

#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <random>

#include "base/limits.hpp"
#include "storage/parquet/test_support.hpp"

namespace canvasback {
namespace {

using TablePtr = std::shared_ptr<arrow::Table>;

// A table of every type that ColumnDecoder knows and of some that it does not, of random values.
class RandomTable {
 public:
  RandomTable(unsigned seed, std::int64_t rows, double null_share, bool repetitive)
      : random_(seed), rows_(rows), null_share_(null_share), repetitive_(repetitive) {}

  TablePtr make() {
    add<arrow::BooleanBuilder>(arrow::boolean(), [](std::uint64_t bits) { return (bits & 1) != 0; });
    add_number<arrow::Int8Builder, std::int8_t>(arrow::int8());
    add_number<arrow::UInt8Builder, std::uint8_t>(arrow::uint8());
    add_number<arrow::Int16Builder, std::int16_t>(arrow::int16());
    add_number<arrow::UInt16Builder, std::uint16_t>(arrow::uint16());
    add_number<arrow::Int32Builder, std::int32_t>(arrow::int32());
    add_number<arrow::UInt32Builder, std::uint32_t>(arrow::uint32());
    add_number<arrow::Int64Builder, std::int64_t>(arrow::int64());
    add_number<arrow::UInt64Builder, std::uint64_t>(arrow::uint64());
    add_number<arrow::Date32Builder, std::int32_t>(arrow::date32());
    add<arrow::Time32Builder>(arrow::time32(arrow::TimeUnit::MILLI),
                              [](std::uint64_t bits) { return bits % 86'400'000; });
    add<arrow::Time64Builder>(arrow::time64(arrow::TimeUnit::NANO),
                              [](std::uint64_t bits) { return bits % 86'400'000'000'000; });
    add_number<arrow::TimestampBuilder, std::int64_t>(arrow::timestamp(arrow::TimeUnit::MICRO));
    add_number<arrow::TimestampBuilder, std::int64_t>(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"));
    add<arrow::FloatBuilder>(arrow::float32(),
                             [](std::uint64_t bits) { return std::bit_cast<float>(std::uint32_t(bits)); });
    add<arrow::DoubleBuilder>(arrow::float64(), [](std::uint64_t bits) { return std::bit_cast<double>(bits); });
    add<arrow::StringBuilder>(arrow::utf8(), [this](std::uint64_t bits) { return text(bits); });
    add<arrow::BinaryBuilder>(arrow::binary(), [this](std::uint64_t bits) { return text(bits * 7); });
    for (const auto& type : {arrow::decimal128(9, 2), arrow::decimal128(18, 4), arrow::decimal128(38, 10)}) {
      add<arrow::Decimal128Builder>(type, [](std::uint64_t bits) {
        return arrow::Decimal128(static_cast<std::int64_t>(bits % 1'000'000'000) - 500'000'000);
      });
    }
    add<arrow::FixedSizeBinaryBuilder>(arrow::fixed_size_binary(3), [](std::uint64_t bits) {
      return std::string(3, static_cast<char>('a' + bits % 26));
    });
    return arrow::Table::Make(arrow::schema(fields_), columns_, rows_);
  }

 private:
  std::string text(std::uint64_t bits) {
    if (bits % 97 == 0) return std::string(3000, 'L');
    return std::string(bits % 23, static_cast<char>('a' + bits % 26)) + std::to_string(bits % 1000);
  }

  template <class Builder, class Value>
  void add_number(const std::shared_ptr<arrow::DataType>& type) {
    add<Builder>(type, [](std::uint64_t bits) { return static_cast<Value>(bits); });
  }

  template <class Builder, class Make>
  void add(const std::shared_ptr<arrow::DataType>& type, Make make) {
    std::unique_ptr<arrow::ArrayBuilder> base;
    ASSERT_TRUE(arrow::MakeBuilder(arrow::default_memory_pool(), type, &base).ok());
    auto& builder = static_cast<Builder&>(*base);
    std::bernoulli_distribution is_null(null_share_);
    for (std::int64_t row = 0; row < rows_; ++row) {
      const std::uint64_t bits = repetitive_ ? random_() % 40 * 0x9E3779B97F4A7C15u : random_();
      ASSERT_TRUE((is_null(random_) ? builder.AppendNull() : builder.Append(make(bits))).ok());
    }
    columns_.push_back(std::make_shared<arrow::ChunkedArray>(builder.Finish().ValueOrDie()));
    fields_.push_back(arrow::field("c" + std::to_string(fields_.size()), type));
  }

  std::mt19937_64 random_;
  const std::int64_t rows_;
  const double null_share_;
  const bool repetitive_;
  arrow::FieldVector fields_;
  arrow::ChunkedArrayVector columns_;
};

struct Layout {
  const char* name;
  bool dictionary = true;
  std::int64_t page_bytes = 4096;
  parquet::ParquetDataPageVersion pages = parquet::ParquetDataPageVersion::V1;
  parquet::Compression::type compression = parquet::Compression::ZSTD;
  parquet::Encoding::type encoding = parquet::Encoding::UNKNOWN;
};

DataFile write_as(const std::string& path, const arrow::Table& table, const Layout& layout,
                  std::int64_t row_group_rows = 1 << 20) {
  parquet::WriterProperties::Builder properties;
  properties.compression(layout.compression)->data_pagesize(layout.page_bytes)->data_page_version(layout.pages);
  properties.dictionary_pagesize_limit(layout.page_bytes * 4)->write_batch_size(100);
  if (!layout.dictionary) properties.disable_dictionary();
  if (layout.encoding != parquet::Encoding::UNKNOWN) properties.disable_dictionary()->encoding(layout.encoding);
  properties.enable_store_decimal_as_integer()->version(parquet::ParquetVersion::PARQUET_2_6);
  auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  const auto status =
      parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, row_group_rows, properties.build());
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(sink->Close().ok());
  DataFile file = stat_of(path);
  file.rows = table.num_rows();
  for (std::int64_t left = file.rows; left > 0; left -= row_group_rows)
    file.row_group_rows.push_back(std::min(left, row_group_rows));
  return file;
}

TablePtr read_with_arrow(const std::string& path) {
  auto input = arrow::io::ReadableFile::Open(path).ValueOrDie();
  auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  return reader->ReadTable().ValueOrDie();
}

// NaN equals NaN, and each has its own bits.
void expect_same(const arrow::Table& actual, const arrow::Table& expected, const std::string& what) {
  ASSERT_EQ(actual.num_columns(), expected.num_columns()) << what;
  ASSERT_EQ(actual.num_rows(), expected.num_rows()) << what;
  for (int i = 0; i < actual.num_columns(); ++i) {
    ASSERT_TRUE(actual.column(i)->ApproxEquals(*expected.column(i), arrow::EqualOptions().nans_equal(true).atol(0)))
        << what << ", column " << i << " of type " << expected.column(i)->type()->ToString();
  }
}

TablePtr table_of(const std::vector<BatchPtr>& batches) {
  return arrow::Table::FromRecordBatches(batches).ValueOrDie();
}

Result<std::vector<BatchPtr>> all_batches(const DataFile& file, RowGroupRange range) {
  std::vector<BatchPtr> batches;
  CANVASBACK_ASSIGN(auto reader, open_row_group(file, {}, range));
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, reader->next());
    if (!batch) return batches;
    EXPECT_GT(batch->num_rows(), 0);
    EXPECT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull().ToString();
    batches.push_back(std::move(batch));
  }
}

class RowGroupReaderTest : public testing::TestWithParam<Layout> {
 protected:
  TemporaryFolder folder_;
};

TEST_P(RowGroupReaderTest, EveryTypeReadsAsArrowReadsIt) {
  for (double null_share : {0.0, 0.3, 1.0}) {
    for (bool repetitive : {false, true}) {
      const auto made = RandomTable(5, 3000, null_share, repetitive).make();
      const DataFile file = write_as(folder_ / "a.parquet", *made, GetParam());
      const auto expected = read_with_arrow(file.path);
      const std::string what = "nulls " + std::to_string(null_share) + (repetitive ? ", repetitive" : "");
      auto batches = all_batches(file, {0, 0, 3000});
      ASSERT_TRUE(batches) << what << ": " << batches.error().message;
      expect_same(*table_of(*batches), *expected, what);
      for (const auto& [skip, take] : std::vector<std::pair<std::int64_t, std::int64_t>>{
               {0, 1}, {1, 1}, {2999, 1}, {777, 1000}, {1500, 1500}, {64, 8}}) {
        const auto page = read_rows(file, {}, {0, skip, take}, 2);
        ASSERT_TRUE(page) << what << ": " << page.error().message;
        ASSERT_TRUE((*page)->ValidateFull().ok());
        const std::string where = what + ", rows from " + std::to_string(skip);
        expect_same(*table_of({*page}), *expected->Slice(skip, take), where);
        expect_same(*table_of(all_batches(file, {0, skip, take}).value()), *expected->Slice(skip, take), where);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, RowGroupReaderTest,
    testing::Values(Layout{"dictionary"}, Layout{"plain", false}, Layout{"one_page", true, 1 << 24},
                    Layout{"second_version", true, 4096, parquet::ParquetDataPageVersion::V2},
                    Layout{"second_version_plain", false, 4096, parquet::ParquetDataPageVersion::V2},
                    Layout{"snappy", true, 4096, parquet::ParquetDataPageVersion::V1, parquet::Compression::SNAPPY},
                    Layout{"uncompressed", true, 512, parquet::ParquetDataPageVersion::V2,
                           parquet::Compression::UNCOMPRESSED}),
    [](const auto& made) { return std::string(made.param.name); });

TEST(RowGroupReader, RareEncodingsAreLeftToArrow) {
  TemporaryFolder folder;
  auto numbers = numbered(0, 5000);
  Layout layout{"delta"};
  layout.encoding = parquet::Encoding::DELTA_BINARY_PACKED;
  const DataFile file = write_as(folder / "a.parquet", *numbers->SelectColumns({0}).ValueOrDie(), layout);
  const auto batches = all_batches(file, {0, 10, 4000});
  ASSERT_TRUE(batches) << batches.error().message;
  expect_same(*table_of(*batches), *numbers->SelectColumns({0}).ValueOrDie()->Slice(10, 4000), "delta");
}

TEST(RowGroupReader, NestedColumnsComeBesideFlatOnes) {
  TemporaryFolder folder;
  const auto made = numbered(0, 5000);
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int32Builder>());
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(lists.Append().ok());
    for (int j = 0; j < i % 4; ++j)
      ASSERT_TRUE(static_cast<arrow::Int32Builder*>(lists.value_builder())->Append(i * 10 + j).ok());
  }
  const auto list = std::make_shared<arrow::ChunkedArray>(lists.Finish().ValueOrDie());
  const auto table = made->AddColumn(1, arrow::field("list", arrow::list(arrow::int32())), list).ValueOrDie();
  const DataFile file = write_as(folder / "a.parquet", *table, Layout{"nested"});
  const auto expected = read_with_arrow(file.path);
  expect_same(*table_of(all_batches(file, {0, 1234, 3000}).value()), *expected->Slice(1234, 3000), "batches");
  const auto page = read_rows(file, {"list", "id"}, {0, 4990, 10}, 3);
  ASSERT_TRUE(page) << page.error().message;
  expect_same(*table_of({*page}), *expected->SelectColumns({1, 0}).ValueOrDie()->Slice(4990, 10), "page");
}

// A dictionary of one text makes a file of a few kilobytes and rows of any size.
TEST(RowGroupReader, BatchesStaySmallWhereADictionaryHidesLargeTexts) {
  TemporaryFolder folder;
  arrow::StringBuilder builder;
  const std::string large(100'000, 'x');
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(builder.Append(i % 2 == 0 ? large : "short").ok());
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("text", arrow::utf8())}), {builder.Finish().ValueOrDie()});
  Layout layout{"large"};
  layout.page_bytes = 1 << 20;
  const DataFile file = write_as(folder / "a.parquet", *table, layout);
  EXPECT_LT(file.bytes, 100'000u);
  const auto batches = all_batches(file, {0, 0, 3000});
  ASSERT_TRUE(batches) << batches.error().message;
  for (const BatchPtr& batch : *batches)
    EXPECT_LT(batch->column_data(0)->buffers[2]->size(), static_cast<std::int64_t>(16 * limits::kMiB));
  expect_same(*table_of(*batches), *table, "all");
}

TEST(RowGroupReader, RowGroupsThatAreNotThereAreAnError) {
  TemporaryFolder folder;
  DataFile file = write_as(folder / "a.parquet", *numbered(0, 100), Layout{"plain", false});
  EXPECT_FALSE(read_rows(file, {}, {1, 0, 1}, 1));
  EXPECT_FALSE(read_rows(file, {"none"}, {0, 0, 1}, 1));
  EXPECT_FALSE(read_rows(file, {}, {0, 90, 11}, 1)) << "more rows than there are";
  EXPECT_FALSE(read_rows(file, {}, {0, 200, 1}, 1));
}

}  // namespace
}  // namespace canvasback
