#include "encode/csv/csv_encoder.hpp"

#include <gtest/gtest.h>

#include "encode/test_support.hpp"

namespace canvasback {
namespace {

TEST(CsvEncoder, ExactBytes) {
  const auto batch = batch_of({{"id", arrow::int64(), "[9007199254740993, null]"},
                               {"name, of", arrow::utf8(), R"(["say \"hi\"\n", ""])"},
                               {"price", arrow::decimal128(12, 2), R"(["-0.05", "12.00"])"},
                               {"when", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[-1, 0]"},
                               {"tags", arrow::list(arrow::utf8()), R"([["a", "b"], null])"},
                               {"x", arrow::float64(), "[NaN, 1e16]"}});
  EXPECT_EQ(encode_all("csv", {batch}),
            "id,\"name, of\",price,when,tags,x\n"
            "9007199254740993,\"say \"\"hi\"\"\n\",-0.05,1969-12-31T23:59:59.999999Z,\"[\"\"a\"\",\"\"b\"\"]\",NaN\n"
            ",\"\",12.00,1970-01-01T00:00:00Z,,1e+16\n");
}

TEST(CsvEncoder, NoRowsIsAHeader) {
  EXPECT_EQ(encode_all("csv", {batch_of({{"a", arrow::int8(), "[]"}, {"", arrow::int8(), "[]"}})}), "a,\"\"\n");
}

TEST(CsvEncoder, UnknownTypeFailsBeforeTheFirstByte) {
  StringSink sink;
  auto encoder = make_encoder("csv", sink, {});
  const auto status =
      (*encoder)->begin(arrow::schema({arrow::field("r", arrow::run_end_encoded(arrow::int32(), arrow::int8()))}));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::DataProcessing);
  EXPECT_FALSE((*encoder)->finish());
  EXPECT_EQ(sink.bytes(), "");
  EXPECT_TRUE(sink.abandoned());
  EXPECT_FALSE(sink.finished());
}

}  // namespace
}  // namespace canvasback
