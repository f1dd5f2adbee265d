#include "encode/value_text.hpp"

#include <arrow/array/array_dict.h>
#include <arrow/array/array_nested.h>
#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

#include <map>

#include "encode/test_support.hpp"

namespace canvasback {
namespace {

using Dialect = TextStyle::Dialect;

// All values of an array, joined by spaces.
std::string text_of(const std::shared_ptr<arrow::Array>& array, Dialect dialect, bool numbers_exact = true) {
  EXPECT_TRUE(ValueText::check(*arrow::field("x", array->type())));
  const ValueText column(array, TextStyle{dialect, numbers_exact});
  std::string out;
  {
    TextWriter writer(out);
    for (std::int64_t row = 0; row < array->length(); ++row) {
      if (row > 0) writer.append(' ');
      column.append(row, writer);
    }
  }
  return out;
}
std::string json(const std::shared_ptr<arrow::DataType>& type, const std::string& values) {
  return text_of(array_of(type, values), Dialect::Json);
}
std::string csv(const std::shared_ptr<arrow::DataType>& type, const std::string& values) {
  return text_of(array_of(type, values), Dialect::Csv);
}

TEST(ValueText, NullsAndBools) {
  EXPECT_EQ(json(arrow::null(), "[null, null]"), "null null");
  EXPECT_EQ(csv(arrow::null(), "[null, null]"), " ");
  EXPECT_EQ(json(arrow::boolean(), "[true, false, null]"), "true false null");
  EXPECT_EQ(csv(arrow::boolean(), "[true, false, null]"), "true false ");
}

TEST(ValueText, IntegersBeyondADoubleAreStringsInJson) {
  EXPECT_EQ(json(arrow::int8(), "[-128, 127, null]"), "-128 127 null");
  EXPECT_EQ(json(arrow::uint32(), "[4294967295]"), "4294967295");
  const std::string values =
      "[9007199254740992, 9007199254740993, -9007199254740992, -9007199254740993, -9223372036854775808]";
  EXPECT_EQ(json(arrow::int64(), values),
            "9007199254740992 \"9007199254740993\" -9007199254740992 \"-9007199254740993\" \"-9223372036854775808\"");
  EXPECT_EQ(json(arrow::uint64(), "[18446744073709551615]"), "\"18446744073709551615\"");
  EXPECT_EQ(csv(arrow::uint64(), "[18446744073709551615]"), "18446744073709551615");
  EXPECT_EQ(text_of(array_of(arrow::int64(), "[9223372036854775807]"), Dialect::Json, false), "9223372036854775807");
}

TEST(ValueText, FloatingPoint) {
  EXPECT_EQ(json(arrow::float64(), "[1.5, NaN, Inf, -Inf, null, -0.0]"),
            "1.5 \"NaN\" \"Infinity\" \"-Infinity\" null -0.0");
  EXPECT_EQ(csv(arrow::float64(), "[1.5, NaN, Inf, -Inf, null]"), "1.5 NaN Infinity -Infinity ");
  EXPECT_EQ(json(arrow::float32(), "[0.1, 3.4028235e38]"), "0.1 3.4028235e+38");
  EXPECT_EQ(json(arrow::float16(), "[0.5, 65504, NaN]"), "0.5 65504.0 \"NaN\"");
}

TEST(ValueText, Decimals) {
  const std::string values = R"(["-12.34", "0.05", null])";
  for (const auto& type :
       {arrow::decimal32(9, 2), arrow::decimal64(18, 2), arrow::decimal128(38, 2), arrow::decimal256(76, 2)}) {
    EXPECT_EQ(json(type, values), R"("-12.34" "0.05" null)");
    EXPECT_EQ(csv(type, values), "-12.34 0.05 ");
  }
  EXPECT_EQ(text_of(array_of(arrow::decimal128(12, 2), values), Dialect::Json, false), "-12.34 0.05 null");
  EXPECT_EQ(json(arrow::decimal128(38, 10), R"(["-9999999999999999999999999999.9999999999"])"),
            R"("-9999999999999999999999999999.9999999999")");
}

TEST(ValueText, Text) {
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    EXPECT_EQ(json(type, R"(["", "a\"b", "é🦆 long enough to leave the view", null])"),
              R"("" "a\"b" "é🦆 long enough to leave the view" null)");
    EXPECT_EQ(csv(type, R"(["", "a\"b", "x,y", "l\nm", " s", null])"), "\"\" \"a\"\"b\" \"x,y\" \"l\nm\" \" s\" ");
  }
}

TEST(ValueText, BinaryIsBase64) {
  for (const auto& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view()}) {
    EXPECT_EQ(json(type, R"(["abcd", "", null])"), R"("YWJjZA==" "" null)");
    EXPECT_EQ(csv(type, R"(["abcd", "", null])"), R"(YWJjZA== "" )");
  }
  EXPECT_EQ(json(arrow::fixed_size_binary(3), R"(["abc", null])"), R"("YWJj" null)");
}

TEST(ValueText, DatesAndTimes) {
  EXPECT_EQ(json(arrow::date32(), "[-1, 2147483647, null]"), R"("1969-12-31" "infinity" null)");
  EXPECT_EQ(csv(arrow::date64(), "[-86400000, null]"), "1969-12-31 ");
  EXPECT_EQ(csv(arrow::time32(arrow::TimeUnit::SECOND), "[61]"), "00:01:01");
  EXPECT_EQ(csv(arrow::time32(arrow::TimeUnit::MILLI), "[61001]"), "00:01:01.001");
  EXPECT_EQ(csv(arrow::time64(arrow::TimeUnit::MICRO), "[61000001]"), "00:01:01.000001");
  EXPECT_EQ(json(arrow::time64(arrow::TimeUnit::NANO), "[1]"), "\"00:00:00.000000001\"");
  EXPECT_EQ(json(arrow::timestamp(arrow::TimeUnit::SECOND), "[0, null]"), "\"1970-01-01T00:00:00\" null");
  EXPECT_EQ(csv(arrow::timestamp(arrow::TimeUnit::MILLI), "[-1]"), "1969-12-31T23:59:59.999");
  EXPECT_EQ(csv(arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Berlin"), "[0]"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(csv(arrow::timestamp(arrow::TimeUnit::NANO), "[-1]"), "1969-12-31T23:59:59.999999999");
}

TEST(ValueText, Intervals) {
  EXPECT_EQ(json(arrow::duration(arrow::TimeUnit::MICRO), "[1500000, null]"), "\"PT1.500S\" null");
  EXPECT_EQ(csv(arrow::month_interval(), "[-14]"), "P-1Y-2M");
  EXPECT_EQ(csv(arrow::day_time_interval(), "[[1, -1000]]"), "P1DT-1S");
  EXPECT_EQ(csv(arrow::month_day_nano_interval(), "[[14, 3, 1]]"), "P1Y2M3DT0.000000001S");
}

TEST(ValueText, Lists) {
  for (const auto& type : {arrow::list(arrow::int32()), arrow::large_list(arrow::int32()),
                           arrow::list_view(arrow::int32()), arrow::large_list_view(arrow::int32())}) {
    EXPECT_EQ(json(type, "[[1, null], [], null]"), "[1,null] [] null");
    EXPECT_EQ(csv(type, "[[1, null], [], null]"), R"("[1,null]" "[]" )");
  }
  EXPECT_EQ(json(arrow::fixed_size_list(arrow::utf8(), 2), R"([["a", "b"], null, ["c", null]])"),
            R"(["a","b"] null ["c",null])");
}

TEST(ValueText, Structs) {
  const auto type = arrow::struct_({arrow::field("a", arrow::int64()), arrow::field("a", arrow::utf8()),
                                    arrow::field("n\"x", arrow::list(arrow::decimal128(5, 1)))});
  const std::string values = R"([[1, "x", ["0.5"]], null, [null, null, null]])";
  EXPECT_EQ(json(type, values), R"({"a":1,"a_1":"x","n\"x":["0.5"]} null {"a":null,"a_1":null,"n\"x":null})");
  EXPECT_EQ(csv(arrow::struct_({arrow::field("a", arrow::utf8())}), R"([["x\"y"], null])"), R"("{""a"":""x\""y""}" )");
}

TEST(ValueText, Maps) {
  EXPECT_EQ(json(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k\"", 1], ["m", null]], [], null])"),
            R"({"k\"":1,"m":null} {} null)");
  EXPECT_EQ(json(arrow::map(arrow::int32(), arrow::utf8()), R"([[[1, "a"], [2, null]], []])"),
            R"([[1,"a"],[2,null]] [])");
  EXPECT_EQ(csv(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1]]])"), R"("{""k"":1}")");
}

TEST(ValueText, UnionsDictionariesExtensions) {
  const arrow::FieldVector fields{arrow::field("n", arrow::int64()), arrow::field("s", arrow::utf8())};
  for (const auto& type : {arrow::dense_union(fields, {4, 7}), arrow::sparse_union(fields, {4, 7})}) {
    EXPECT_EQ(json(type, R"([[4, 1], [7, "x"], [4, null]])"), R"(1 "x" null)");
    EXPECT_EQ(text_of(array_of(type, R"([[4, 1], [7, "x"], [4, 2]])")->Slice(1), Dialect::Csv), "x 2");
  }
  const auto dictionary = arrow::json::DictArrayFromJSONString(arrow::dictionary(arrow::int8(), arrow::utf8()),
                                                               "[0, 1, null, 0, 2]", R"(["x", "y,z", null])");
  EXPECT_EQ(text_of(*dictionary, Dialect::Json), R"("x" "y,z" null "x" null)");
  EXPECT_EQ(text_of((*dictionary)->Slice(1, 2), Dialect::Csv), "\"y,z\" ");
  const auto uuids = arrow::ExtensionType::WrapArray(
      arrow::extension::uuid(), array_of(arrow::fixed_size_binary(16), R"(["0123456789abcdef", null])"));
  EXPECT_EQ(text_of(uuids, Dialect::Json), R"("MDEyMzQ1Njc4OWFiY2RlZg==" null)");
}

// Offsets are where such code breaks: every slice of an array has the texts of its rows.
TEST(ValueText, SlicesOfAllTypes) {
  const std::map<std::string, std::shared_ptr<arrow::DataType>> columns{
      {"[true, null, false, true]", arrow::boolean()},
      {"[1, null, 3, 4]", arrow::int16()},
      {R"(["1.5", null, "2.5", "3.5"])", arrow::decimal128(5, 1)},
      {R"(["a", null, "c", "d"])", arrow::utf8()},
      {R"(["ab", null, "cd", "ef"])", arrow::fixed_size_binary(2)},
      {"[[1, 2], null, [3, 4], [5, 6]]", arrow::fixed_size_list(arrow::int8(), 2)},
      {"[[1], null, [3, 4], []]", arrow::list(arrow::int8())},
      {"[[7], null, [8], [null]]", arrow::struct_({arrow::field("a", arrow::int8())})},
      {R"([[["a", 1]], null, [["b", 2]], []])", arrow::map(arrow::utf8(), arrow::int8())},
      {"[[0, 1, 2], null, [3, 4, 5], [6, 7, 8]]", arrow::month_day_nano_interval()},
  };
  for (const auto& [values, type] : columns) {
    const auto whole = array_of(type, values);
    for (std::int64_t start = 0; start < 4; ++start) {
      for (std::int64_t length = 1; start + length <= 4; ++length) {
        std::string expected;
        for (std::int64_t row = start; row < start + length; ++row) {
          expected += (row > start ? " " : "") + text_of(whole->Slice(row, 1), Dialect::Json);
        }
        EXPECT_EQ(text_of(whole->Slice(start, length), Dialect::Json), expected);
        const std::string all = " " + text_of(whole, Dialect::Json) + " ";
        EXPECT_NE(all.find(" " + expected + " "), std::string::npos) << expected << " in" << all;
      }
    }
  }
}

TEST(ValueText, UnknownTypesAreNamed) {
  const auto type = arrow::list(arrow::run_end_encoded(arrow::int32(), arrow::utf8()));
  const auto status = ValueText::check(*arrow::field("runs", type));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::DataProcessing);
  EXPECT_EQ(status.error().message, "Column \"runs\" of type VARCHAR[] cannot be written as text.");
  EXPECT_FALSE(ValueText::check(*arrow::field("d", arrow::decimal128(5, 1'000'000))));
}

TEST(ValueText, RepeatedNamesGetASuffix) {
  const auto keys = unique_json_keys({arrow::field("a", arrow::int8()), arrow::field("a", arrow::int8()),
                                      arrow::field("a_1", arrow::int8()), arrow::field("a", arrow::int8())});
  EXPECT_EQ(keys, (std::vector<std::string>{"\"a\":", "\"a_2\":", "\"a_1\":", "\"a_3\":"}));
  EXPECT_EQ(unique_json_keys({arrow::field("", arrow::int8()), arrow::field("", arrow::int8())}),
            (std::vector<std::string>{"\"\":", "\"_1\":"}));
}

}  // namespace
}  // namespace canvasback
