// Orders without the engine against the engine's own, and the columns in few bytes that windows are read of.
#include "worker/roles/query/row_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "encode/test_support.hpp"
#include "worker/roles/query/column_parts.hpp"
#include "worker/roles/query/executor_test_support.hpp"
#include "worker/roles/query/row_gather.hpp"

namespace canvasback {
namespace {

class RowOrderTest : public ExecutorTest {
 protected:
  // Rows with an id and one column of values, which come again and again.
  Dataset add_values(const std::shared_ptr<arrow::DataType>& type, const std::string& json, std::int64_t rows = 500) {
    auto values = array_of(type, json);
    arrow::Int64Builder ids;
    std::unique_ptr<arrow::ArrayBuilder> repeated;
    EXPECT_TRUE(arrow::MakeBuilder(arrow::default_memory_pool(), type, &repeated).ok());
    for (std::int64_t i = 0; i < rows; ++i) {
      EXPECT_TRUE(ids.Append(i).ok());
      EXPECT_TRUE(repeated->AppendArraySlice(arrow::ArraySpan(*values->data()), i % values->length(), 1).ok());
    }
    const auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", type)});
    rows_ = arrow::RecordBatch::Make(schema, rows, {ids.Finish().ValueOrDie(), repeated->Finish().ValueOrDie()});
    const std::int64_t half = rows / 2;
    return add(
        "d", DatasetKind::Parquet,
        {write("a.parquet", "parquet", rows_->Slice(0, half)), write("b.parquet", "parquet", rows_->Slice(half))});
  }

  std::vector<std::uint32_t> of_engine(const std::string& order) {
    const Json document = sql("SELECT id FROM d ORDER BY " + order + ", id").document();
    std::vector<std::uint32_t> ids;
    for (const Json& row : document.at("rows").as_array())
      ids.push_back(static_cast<std::uint32_t>(row.as_array()[0].as_int()));
    return ids;
  }

  BatchPtr rows_;
};

constexpr RowOrderOptions kNone{};

RowOrderOptions options_of(std::vector<SortKey> sort, std::uint64_t bytes_max = limits::kMiB) {
  RowOrderOptions options = kNone;
  options.sort = std::move(sort);
  options.threads = 2;
  options.bytes_max = bytes_max;
  return options;
}

// All rows in order, and the first of them on their own; nothing where it is the engine's work.
std::optional<std::vector<std::uint32_t>> order_rows(const Dataset& dataset, const RowOrderOptions& options) {
  auto read = RowOrder::read(dataset, options, {});
  EXPECT_TRUE(read);
  if (!read || !*read) return std::nullopt;
  const auto first = (**read).first(50);
  auto all = std::move(**read).all({});
  EXPECT_TRUE(all);
  EXPECT_TRUE(std::ranges::equal(first, std::span(*all).first(std::min<std::size_t>(50, all->size()))));
  return std::move(*all);
}

TEST_F(RowOrderTest, IsTheEnginesForEveryType) {
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> columns{
      {arrow::boolean(), "[true, null, false]"},
      {arrow::int8(), "[127, -128, null, 0]"},
      {arrow::int64(), "[9223372036854775806, -9223372036854775807, null, 0, 9007199254740993]"},
      {arrow::int64(), "[3, 2, 1]"},
      {arrow::uint64(), "[18446744073709551615, 0, 1, 9223372036854775808]"},
      {arrow::float64(), "[NaN, -Infinity, Infinity, -0.0, 0.0, 1e-300, -1e300, null]"},
      {arrow::float32(), "[0.5, null, NaN, -2]"},
      {arrow::date32(), "[-1, 20000, null]"},
      {arrow::timestamp(arrow::TimeUnit::MICRO), "[-1, 1700000000000000, null]"},
      {arrow::decimal128(12, 2), "[\"-0.01\", \"9999999999.99\", \"0.00\", null]"},
      {arrow::utf8(), "[\"\", \"b\", \"ä\", \"abc\", \"ab\", null, \"B\", \"0123456789012345678\"]"},
      {arrow::utf8(), "[null]"},
  };
  for (const auto& [type, json] : columns) {
    const Dataset dataset = add_values(type, json);
    ASSERT_TRUE(dataset.plain_scan) << type->ToString();
    for (const bool descending : {false, true}) {
      const auto order = order_rows(dataset, options_of({{"v", descending}}));
      ASSERT_TRUE(order) << type->ToString();
      EXPECT_EQ(*order, of_engine(descending ? "v DESC NULLS LAST" : "v NULLS LAST")) << type->ToString();
    }
  }
}

TEST_F(RowOrderTest, GoesByTheFirstColumnBeforeTheNext) {
  add_example();
  const Dataset dataset =
      add("d", DatasetKind::Parquet,
          {write("a.parquet", "parquet", example_rows(0, 60)), write("b.parquet", "parquet", example_rows(60, 40))});
  const auto order = order_rows(dataset, options_of({{"k", true}, {"f", false}, {"name", true}}));
  ASSERT_TRUE(order);
  EXPECT_EQ(*order, of_engine("k DESC NULLS LAST, f NULLS LAST, name DESC"));
}

TEST_F(RowOrderTest, FindsTheFirstOfManyHoweverTheyStand) {
  for (const char* json : {"[1]", "[5, 4, 3, 2, 1]"}) {
    const Dataset dataset = add_values(arrow::int64(), json, 40'000);
    for (const bool descending : {false, true}) {
      ASSERT_TRUE(order_rows(dataset, options_of({{"v", descending}, {"id", true}}, 8 * limits::kMiB)));
      ASSERT_TRUE(order_rows(dataset, options_of({{"id", descending}}, 8 * limits::kMiB)));
    }
  }
}

TEST_F(RowOrderTest, LeavesToTheEngineWhatIsNoNumber) {
  const Dataset wide = add_values(arrow::decimal128(38, 10), R"(["1.0000000000", null])");
  EXPECT_FALSE(order_rows(wide, options_of({{"v", false}})));
  // All 64 bits are taken: there is no number left for NULL.
  const Dataset full = add_values(arrow::int64(), "[9223372036854775807, -9223372036854775808, null]");
  EXPECT_FALSE(order_rows(full, options_of({{"v", false}})));
  const Dataset numbers = add_values(arrow::int64(), "[1, 2]");
  EXPECT_FALSE(order_rows(numbers, options_of({{"v", false}}, 1000)));
  CancelToken cancelled;
  cancelled.cancel(CancelReason::Client);
  EXPECT_EQ(RowOrder::read(numbers, options_of({{"v", false}}), cancelled).error().code, ErrorCode::Cancelled);
}

TEST_F(RowOrderTest, ColumnsInFewBytesGiveTheSameRows) {
  std::string many = "[";
  for (int i = 0; i < 70'000; ++i) many += "\"text " + std::to_string(i) + "\",";
  many.back() = ']';
  const std::vector<std::tuple<std::shared_ptr<arrow::DataType>, std::string, std::int64_t>> columns{
      {arrow::int64(), "[1000000000000, 1000000000255, null]", 500},
      {arrow::int64(), "[-9223372036854775808, 9223372036854775807]", 500},
      {arrow::int64(), "[-70000, 5, 9]", 500},
      {arrow::int32(), "[2147483647, -2147483648]", 500},
      {arrow::uint64(), "[18446744073709551615, 18446744073709551610]", 500},
      {arrow::uint16(), "[7, 65535]", 500},
      {arrow::int8(), "[7, -128]", 500},
      {arrow::float64(), "[1.5, null]", 500},
      {arrow::boolean(), "[true, null]", 500},
      {arrow::date32(), "[-1, 200]", 500},
      {arrow::timestamp(arrow::TimeUnit::MICRO), "[-1, 1700000000000000]", 500},
      {arrow::decimal128(18, 2), "[\"-0.01\", \"9999999999999999.99\", null]", 500},
      {arrow::decimal128(38, 0), "[\"99999999999999999999999999999999999999\", \"-1\"]", 500},
      {arrow::utf8(), "[\"Malta\", \"\", null, \"Kenya\"]", 9000},
      {arrow::utf8(), many, 70'000},
      {arrow::binary(), "[\"abc\", null]", 500},
      {arrow::list(arrow::int64()), "[[1, null], [], null]", 500},
  };
  for (const auto& [type, json, rows] : columns) {
    Dataset dataset = add_values(type, json, rows);
    dataset.version = type->ToString() + std::to_string(rows) + json.substr(0, 20);  // its own entries of the cache
    TableMap tables(folder_ / "cache");
    ColumnPartsOptions options;
    options.columns = {"id", "v"};
    options.threads = 2;
    options.spill_folder = folder_ / "spill";
    options.progress = [](double) {};
    ASSERT_TRUE(build_column_parts(dataset, options, tables, channel_, {})) << type->ToString();
    for (int column = 0; column < 2; ++column) {
      const auto frame = sockets_.front().read();
      ASSERT_TRUE(frame && frame->kind == FrameKind::CacheOffer);
      keep_block(frame->payload);
    }
    std::vector<std::int64_t> positions;
    for (std::int64_t i = 0; i < 300; ++i) positions.push_back((i * 7919 + 3) % rows);
    positions.insert(positions.end(), {0, 1, 2, rows - 2, rows - 1});
    const auto gathered = gather_rows(dataset, positions, {{"id", "v"}, 1}, tables, {});
    ASSERT_TRUE(gathered) << gathered.error().message;
    EXPECT_FALSE(gathered->decoded) << type->ToString();
    arrow::RecordBatchVector expected;
    for (std::int64_t position : positions) expected.push_back(rows_->Slice(position, 1));
    const auto joined = arrow::ConcatenateRecordBatches(expected).ValueOrDie();
    EXPECT_TRUE(gathered->rows->Equals(*joined)) << type->ToString() << gathered->rows->ToString();
  }
}

TEST(ColumnParts, AreWholeRowGroupsWhereTheyFit) {
  Dataset dataset;
  dataset.files.resize(2);
  dataset.files[0].row_group_rows = {600'000, 600'000, 10};
  dataset.files[1].row_group_rows = {0, 3 * limits::kColumnPartRows, 5};
  const ColumnParts parts(dataset);
  std::vector<std::int64_t> starts;
  for (std::size_t part = 0; part < parts.count(); ++part) starts.push_back(parts.start(part));
  const std::int64_t second = 1'200'010;
  EXPECT_EQ(starts,
            (std::vector<std::int64_t>{0, 600'000, second, second + limits::kColumnPartRows,
                                       second + 2 * limits::kColumnPartRows, second + 3 * limits::kColumnPartRows}));
  EXPECT_EQ(parts.rows(4), limits::kColumnPartRows);
  EXPECT_EQ(parts.rows(5), 5);
  EXPECT_EQ(parts.at(599'999), 0U);
  EXPECT_EQ(parts.at(600'000), 1U);
  EXPECT_EQ(parts.at(second + 3 * limits::kColumnPartRows + 4), 5U);
}

}  // namespace
}  // namespace canvasback
