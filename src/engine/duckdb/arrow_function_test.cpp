// arrow_files('name') through the engine that registers it.
#include "engine/duckdb/arrow_function.hpp"

#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <deque>

#include "engine/duckdb/test_support.hpp"

namespace canvasback {
namespace {

using Rows = std::vector<std::string>;

BatchPtr batch_of(const std::string& ids, const std::string& texts) {
  auto left = arrow::json::ArrayFromJSONString(arrow::int64(), ids).ValueOrDie();
  auto right = arrow::json::ArrayFromJSONString(arrow::utf8(), texts).ValueOrDie();
  auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("te xt", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, left->length(), {left, right});
}

class Batches final : public BatchStream {
 public:
  Batches(std::vector<BatchPtr> batches, Status end) : batches_(batches.begin(), batches.end()), end_(std::move(end)) {
    schema_ = batches_.at(0)->schema();
  }
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override {
    if (batches_.empty()) {
      if (!end_) return std::unexpected(end_.error());
      return BatchPtr();
    }
    BatchPtr batch = batches_.front();
    batches_.pop_front();
    return batch;
  }

 private:
  std::deque<BatchPtr> batches_;
  SchemaPtr schema_;
  Status end_;
};

class ArrowFunctionTest : public testing::Test {
 protected:
  void define(std::vector<BatchPtr> batches, Status end = {}) {
    engine_->define_stream("it's", [batches, end]() -> Result<std::unique_ptr<BatchStream>> {
      return std::make_unique<Batches>(batches, end);
    });
  }
  Rows run(const std::string& sql) { return rows_of(*engine_, {sql, {}, {}, {}, 1}); }
  std::unique_ptr<Engine> engine_ = open_engine({});
};

TEST_F(ArrowFunctionTest, BatchesAreATable) {
  define({batch_of("[1, null]", R"(["a", null])"), batch_of("[3]", R"(["c"])")});
  EXPECT_EQ(run(R"(SELECT id, "te xt" FROM arrow_files('it''s') ORDER BY id NULLS LAST)"),
            (Rows{"1|a", "3|c", "null|null"}));
  EXPECT_EQ(run("SELECT count(*), sum(id) FROM arrow_files('it''s')")[0].substr(0, 2), "3|");
}

TEST_F(ArrowFunctionTest, EachUseReadsAfresh) {
  define({batch_of("[1, 2]", R"(["a", "b"])")});
  EXPECT_EQ(run("SELECT count(*) FROM arrow_files('it''s') a, arrow_files('it''s') b"), Rows{"4"});
  EXPECT_EQ(run("SELECT count(*) FROM arrow_files('it''s')"), Rows{"2"});
}

TEST_F(ArrowFunctionTest, BatchesLongerThanAVectorComeWhole) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (std::int64_t i = 0; i < 5000; ++i) {
    ASSERT_TRUE(ids.Append(i).ok() && texts.Append("row " + std::to_string(i)).ok());
  }
  define({arrow::RecordBatch::Make(batch_of("[]", "[]")->schema(), 5000,
                                   {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()})});
  EXPECT_EQ(run("SELECT count(*) FROM arrow_files('it''s') WHERE \"te xt\" = 'row ' || id"), Rows{"5000"});
}

TEST_F(ArrowFunctionTest, NoRowsIsNoRows) {
  define({batch_of("[]", "[]")});
  EXPECT_EQ(run("SELECT * FROM arrow_files('it''s')"), Rows());
}

TEST_F(ArrowFunctionTest, AnErrorOfTheStreamIsTheStatementsError) {
  define({batch_of("[1]", R"(["a"])")}, fail(ErrorCode::InvalidData, "the file is damaged"));
  const Rows rows = run("SELECT count(*) FROM arrow_files('it''s')");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_NE(rows[0].find("the file is damaged"), std::string::npos) << rows[0];
}

TEST_F(ArrowFunctionTest, UnknownNamesAreErrors) {
  EXPECT_NE(run("SELECT * FROM arrow_files('none')")[0].find("no such Arrow dataset"), std::string::npos);
  EXPECT_NE(run("SELECT * FROM arrow_files(NULL)")[0].find("no such Arrow dataset"), std::string::npos);
}

}  // namespace
}  // namespace canvasback
