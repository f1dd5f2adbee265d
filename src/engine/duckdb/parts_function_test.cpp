// part_rows('name') through the engine that registers it.
#include "engine/duckdb/parts_function.hpp"

#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "engine/duckdb/test_support.hpp"

namespace canvasback {
namespace {

using Rows = std::vector<std::string>;

// Numbers that count through all parts, and a text that is "even" or NULL.
class Numbers final : public PartSource {
 public:
  explicit Numbers(const std::vector<std::vector<std::int64_t>>& files) {
    std::int64_t file = 0;
    for (const auto& sizes : files) {
      std::int64_t row = 0;
      for (std::int64_t rows : sizes) {
        parts_.push_back({file, row, rows});
        row += rows;
      }
      ++file;
    }
  }

  SchemaPtr schema() const override {
    return arrow::schema({arrow::field("n", arrow::int64()), arrow::field("n", arrow::utf8())});
  }
  const std::vector<Part>& parts() const override { return parts_; }
  bool is_sequential() const override { return sequential; }
  Result<std::unique_ptr<Reader>> open(std::vector<int> columns, CancelToken) const override {
    ++readers;
    return std::make_unique<NumberReader>(*this, std::move(columns));
  }

  bool sequential = false;
  std::size_t broken_part = SIZE_MAX;
  mutable std::atomic<int> readers = 0;
  mutable std::atomic<int> columns_read = 0;

 private:
  struct NumberReader final : Reader {
    NumberReader(const Numbers& numbers, std::vector<int> wanted) : source(numbers), columns(std::move(wanted)) {}
    Result<BatchPtr> read(std::size_t part) override {
      if (part == source.broken_part) return fail(ErrorCode::InvalidData, "The file changed.");
      std::int64_t first = 0;
      for (std::size_t i = 0; i < part; ++i) first += source.parts_[i].rows;
      arrow::FieldVector fields;
      arrow::ArrayVector arrays;
      for (int column : columns) {
        ++source.columns_read;
        fields.push_back(source.schema()->field(column));
        arrays.push_back(column == 0 ? numbers_of(first, source.parts_[part].rows)
                                     : texts_of(first, source.parts_[part].rows));
      }
      return arrow::RecordBatch::Make(arrow::schema(fields), source.parts_[part].rows, arrays);
    }
    static std::shared_ptr<arrow::Array> numbers_of(std::int64_t first, std::int64_t rows) {
      arrow::Int64Builder builder;
      for (std::int64_t row = 0; row < rows; ++row) EXPECT_TRUE(builder.Append(first + row).ok());
      return builder.Finish().ValueOrDie();
    }
    static std::shared_ptr<arrow::Array> texts_of(std::int64_t first, std::int64_t rows) {
      arrow::StringBuilder builder;
      for (std::int64_t row = 0; row < rows; ++row) {
        EXPECT_TRUE(((first + row) % 2 == 0 ? builder.Append("even") : builder.AppendNull()).ok());
      }
      return builder.Finish().ValueOrDie();
    }
    const Numbers& source;
    std::vector<int> columns;
  };

  std::vector<Part> parts_;
};

class PartsFunctionTest : public testing::Test {
 protected:
  std::shared_ptr<Numbers> define(const std::vector<std::vector<std::int64_t>>& files) {
    auto source = std::make_shared<Numbers>(files);
    engine_->define_parts("it's", source);
    return source;
  }
  Rows run(const std::string& sql) { return rows_of(*engine_, {sql, {}, {}, {}, 1}); }
  std::unique_ptr<Engine> engine_ = open_engine({});
};

TEST_F(PartsFunctionTest, PartsAreATableWithPlaces) {
  define({{2, 0, 1}, {}, {1}});
  EXPECT_EQ(run("SELECT c0, c1, p0, p1 FROM part_rows('it''s')"),
            (Rows{"0|even|0|0", "1|null|0|1", "2|even|0|2", "3|null|2|0"}));
  EXPECT_EQ(run("SELECT p1, c1 FROM part_rows('it''s') WHERE c0 = 2"), Rows{"2|even"});
}

TEST_F(PartsFunctionTest, OnlyTheColumnsThatAreNeededAreRead) {
  auto source = define({{5000, 5000}});
  EXPECT_EQ(run("SELECT count(*) FROM part_rows('it''s')"), Rows{"10000"});
  EXPECT_EQ(source->columns_read, 0);
  EXPECT_EQ(run("SELECT count(p1), max(p1) FROM part_rows('it''s')"), Rows{"10000|9999"});
  EXPECT_EQ(source->columns_read, 0);
  EXPECT_EQ(run("SELECT count(c1) FROM part_rows('it''s')"), Rows{"5000"});
  EXPECT_EQ(source->columns_read, 2);
}

TEST_F(PartsFunctionTest, ManyThreadsReadEachPartOnce) {
  auto source = define({std::vector<std::int64_t>(40, 10'000)});
  EXPECT_EQ(run("SELECT count(*), sum(c0)::BIGINT, count(DISTINCT c0) FROM part_rows('it''s')"),
            Rows{"400000|79999800000|400000"});
  EXPECT_GT(source->readers, 1);
  source->readers = 0;
  source->sequential = true;
  EXPECT_EQ(run("SELECT sum(c0)::BIGINT FROM part_rows('it''s')"), Rows{"79999800000"});
  EXPECT_EQ(source->readers, 1);
}

TEST_F(PartsFunctionTest, RowsComeInTheirOrder) {
  define({std::vector<std::int64_t>(40, 10'000)});
  for (const char* sql : {"SELECT c0 FROM part_rows('it''s')", "SELECT c0 FROM part_rows('it''s') WHERE c1 IS NULL",
                          "SELECT c0 FROM part_rows('it''s') LIMIT 100000 OFFSET 123456",
                          "SELECT row_number() OVER () - 1 FROM part_rows('it''s') WHERE p0 = 0"}) {
    auto stream = engine_->execute({sql, {}, {}, {}, 4}, CancelToken());
    ASSERT_TRUE(stream) << stream.error().message;
    std::int64_t last = -1;
    std::int64_t rows = 0;
    while (true) {
      auto batch = (*stream)->next();
      ASSERT_TRUE(batch) << batch.error().message;
      if (!*batch) break;
      const auto& numbers = static_cast<const arrow::Int64Array&>(*(*batch)->column(0));
      for (std::int64_t i = 0; i < numbers.length(); ++i) {
        ASSERT_LT(last, numbers.Value(i)) << sql;
        last = numbers.Value(i);
        ++rows;
      }
    }
    EXPECT_GE(rows, 100'000) << sql;
  }
}

TEST_F(PartsFunctionTest, AnErrorOfAPartIsTheStatements) {
  auto source = define({{10, 10}});
  source->broken_part = 1;
  const Rows rows = run("SELECT sum(c0) FROM part_rows('it''s')");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_NE(rows[0].find("The file changed."), std::string::npos) << rows[0];
  EXPECT_EQ(run("SELECT 1"), Rows{"1"});
  EXPECT_NE(run("SELECT * FROM part_rows('other')")[0].find("no such parts"), std::string::npos);
}

}  // namespace
}  // namespace canvasback
