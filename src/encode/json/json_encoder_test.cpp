#include "encode/json/json_encoder.hpp"

#include <gtest/gtest.h>

#include "encode/test_support.hpp"

namespace canvasback {
namespace {

BatchPtr sample() {
  return batch_of(
      {{"id", arrow::int64(), "[9007199254740993, 2, null]"},
       {"note", arrow::utf8(), R"(["é🦆\n", "", null])"},
       {"price", arrow::decimal128(12, 2), R"(["-0.05", "12.00", null])"},
       {"row", arrow::list(arrow::struct_({arrow::field("a", arrow::float64())})), "[[[1.5], [NaN]], [], null]"}});
}

constexpr std::string_view kColumns =
    R"({"columns":[{"name":"id","type":"BIGINT"},{"name":"note","type":"VARCHAR"},)"
    R"~({"name":"price","type":"DECIMAL(12,2)"},{"name":"row","type":"STRUCT(a DOUBLE)[]"}],"rows":[)~";

TEST(JsonEncoder, ExactBytes) {
  const std::string expected = std::string(kColumns) +
                               R"(["9007199254740993","é🦆\n","-0.05",[{"a":1.5},{"a":"NaN"}]],[2,"","12.00",[]],)"
                               R"([null,null,null,null]]})";
  EXPECT_EQ(encode_all("json", {sample()}), expected);
  EXPECT_EQ(encode_all("json", {sample()->Slice(0, 1), sample()->Slice(1, 2)}), expected);
}

TEST(JsonEncoder, TailFollowsTheRows) {
  EncodeOptions options;
  options.numbers_exact = false;
  options.tail = [] {
    Json tail;
    tail.set("total_rows", Json(1));
    tail.set("next", Json(nullptr));
    return tail;
  };
  EXPECT_EQ(encode_all("json", {sample()->Slice(0, 1)}, options),
            std::string(kColumns) +
                R"([9007199254740993,"é🦆\n",-0.05,[{"a":1.5},{"a":"NaN"}]]],"total_rows":1,"next":null})");
}

TEST(JsonEncoder, NoRows) {
  EXPECT_EQ(encode_all("json", {sample()->Slice(0, 0)}), std::string(kColumns) + "]}");
  EXPECT_EQ(encode_all("ndjson", {sample()->Slice(0, 0)}), "");
}

TEST(JsonEncoder, AbandonLeavesTheDocumentOpen) {
  StringSink sink;
  auto encoder = make_encoder("json", sink, {});
  ASSERT_TRUE((*encoder)->begin(sample()->schema()));
  ASSERT_TRUE((*encoder)->write(sample()->Slice(1, 1)));
  (*encoder)->abandon();
  EXPECT_EQ(sink.bytes(), std::string(kColumns) + R"([2,"","12.00",[]])");
  EXPECT_TRUE(sink.abandoned());
  EXPECT_FALSE(sink.finished());
}

TEST(NdjsonEncoder, ExactBytes) {
  const auto batch = batch_of({{"a", arrow::int32(), "[1, null]"},
                               {"a", arrow::utf8(), R"(["x", "\u0000"])"},
                               {"q\"", arrow::date32(), "[-1, 0]"}});
  EXPECT_EQ(encode_all("ndjson", {batch}),
            "{\"a\":1,\"a_1\":\"x\",\"q\\\"\":\"1969-12-31\"}\n"
            "{\"a\":null,\"a_1\":\"\\u0000\",\"q\\\"\":\"1970-01-01\"}\n");
}

}  // namespace
}  // namespace canvasback
