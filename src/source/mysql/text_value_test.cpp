#include "source/mysql/text_value.hpp"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

namespace canvasback {
namespace {

// The stored value as Arrow writes it, or "-" where the text was refused.
std::string stored(const std::shared_ptr<arrow::DataType>& type, std::string_view text) {
  ColumnBuffer buffer(type, 1);
  EXPECT_TRUE(buffer.start());
  if (!store_text_for(*type)(buffer, text, 0)) return "-";
  auto array = buffer.finish(1);
  EXPECT_TRUE(array->ValidateFull().ok());
  return (*array->GetScalar(0))->ToString();
}

TEST(TextValue, Integers) {
  EXPECT_EQ(stored(arrow::int8(), "-128"), "-128");
  EXPECT_EQ(stored(arrow::int8(), "128"), "-");
  EXPECT_EQ(stored(arrow::uint64(), "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(stored(arrow::uint64(), "-1"), "-");
  EXPECT_EQ(stored(arrow::int64(), "12.00"), "12");
  EXPECT_EQ(stored(arrow::int64(), "1e3"), "1000");
  for (const char* text : {"", "12.5", "x", "1x", " 1", "0x1", "1e-1"}) EXPECT_EQ(stored(arrow::int64(), text), "-");
}

TEST(TextValue, Decimals) {
  const auto money = arrow::decimal128(12, 2);
  EXPECT_EQ(stored(money, "12.34"), "12.34");
  EXPECT_EQ(stored(money, "-0.01"), "-0.01");
  EXPECT_EQ(stored(money, "12.3"), "12.30");
  EXPECT_EQ(stored(money, "12.3400"), "12.34");
  EXPECT_EQ(stored(money, "1.5e3"), "1500.00");
  EXPECT_EQ(stored(money, "9999999999.99"), "9999999999.99");
  for (const char* text : {"12.345", "10000000000.00", "", ".", "x", "1.2.3", "nan"})
    EXPECT_EQ(stored(money, text), "-");
  const std::string nines(38, '9');
  EXPECT_EQ(stored(arrow::decimal128(38, 0), "-" + nines), "-" + nines);
  EXPECT_EQ(stored(arrow::decimal128(38, 0), nines + "9"), "-");
  EXPECT_EQ(stored(arrow::decimal128(38, 38), "0." + nines), "0." + nines);
  const std::string wide = std::string(35, '9') + "." + std::string(30, '9');
  EXPECT_EQ(stored(arrow::decimal256(65, 30), wide), wide);
  EXPECT_EQ(stored(arrow::decimal256(65, 30), "-" + wide), "-" + wide);
  EXPECT_EQ(stored(arrow::decimal256(65, 30), "9" + wide), "-");
  EXPECT_EQ(stored(arrow::decimal256(65, 30), wide + "1"), "-");
}

TEST(TextValue, FloatingPointNumbers) {
  EXPECT_EQ(stored(arrow::float64(), "0.1"), "0.1");
  EXPECT_EQ(stored(arrow::float32(), "16777216"), "16777216");
  for (const char* text : {"", "inf", "nan", "1e999", "1,5"}) EXPECT_EQ(stored(arrow::float64(), text), "-");
}

TEST(TextValue, Times) {
  EXPECT_EQ(stored(arrow::date32(), "2024-05-06"), "2024-05-06");
  EXPECT_EQ(stored(arrow::date32(), "2024-05-06 00:00:00.000"), "2024-05-06");
  EXPECT_EQ(stored(arrow::date32(), "2024-05-06 00:00:01"), "-");
  EXPECT_EQ(stored(arrow::date32(), "0000-00-00"), "-");
  const auto moment = arrow::timestamp(arrow::TimeUnit::MICRO);
  EXPECT_EQ(stored(moment, "2024-05-06 07:08:09.123456"), "2024-05-06 07:08:09.123456");
  EXPECT_EQ(stored(moment, "2024-02-30 00:00:00"), "-");
  const auto time = arrow::time64(arrow::TimeUnit::MICRO);
  EXPECT_EQ(stored(time, "23:59:59.999999"), "23:59:59.999999");
  EXPECT_EQ(stored(time, "-00:00:00"), "00:00:00.000000");
  for (const char* text : {"24:00:00", "-00:00:01", "100:00:00", ""}) EXPECT_EQ(stored(time, text), "-");
}

TEST(TextValue, BooleansAreZeroOrOne) {
  EXPECT_EQ(stored(arrow::boolean(), "1"), "true");
  EXPECT_EQ(stored(arrow::boolean(), "0"), "false");
  for (const char* text : {"2", "-3", "", "true"}) EXPECT_EQ(stored(arrow::boolean(), text), "-");
}

TEST(TextValue, QuickDecimals) {
  Int128 value = 0;
  ASSERT_TRUE(parse_decimal("-12.34", 2, value));
  EXPECT_EQ(static_cast<std::int64_t>(value), -1234);
  ASSERT_TRUE(parse_decimal("5", 3, value));
  EXPECT_EQ(static_cast<std::int64_t>(value), 5000);
  for (const char* text : {"", "-", ".", "1.234", "1-2", "+1", "1e5"}) {
    EXPECT_FALSE(parse_decimal(text, 2, value)) << text;
  }
}

}  // namespace
}  // namespace canvasback
