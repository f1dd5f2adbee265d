#include "service/collection/fitting_record.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/json.hpp"

namespace canvasback {
namespace {

RecordSchema schema_of(const char* fields) {
  auto json = Json::parse(std::string(R"({"fields": [)") + fields + "]}");
  return *record_schema_from(*json, "s");
}

TEST(FittingRecord, HasAValueForEachField) {
  const RecordSchema schema = schema_of(R"({"name": "i", "type": "integer", "minimum": 5, "maximum": 8},
    {"name": "n", "type": "number"}, {"name": "b", "type": "boolean"}, {"name": "d", "type": "date"},
    {"name": "t", "type": "timestamp"}, {"name": "a", "type": "array"}, {"name": "o", "type": "object"},
    {"name": "s", "type": "string", "min_length": 12, "max_length": 14}, {"name": "e", "type": "string",
    "enum": ["x", "y"]})");
  std::set<std::string> records;
  for (std::int64_t number = 0; number < 50; ++number) {
    const auto text = fitting_record(schema, number);
    ASSERT_TRUE(text) << text.error().message;
    records.insert(*text);
    const auto record = Json::parse(*text);
    ASSERT_TRUE(record) << *text;
    EXPECT_EQ(record->as_object().size(), 9U) << *text;
    EXPECT_GE(record->at("i").as_int(), 5);
    EXPECT_LT(record->at("i").as_int(), 8);
    EXPECT_EQ(record->at("d").as_string().size(), 10U);
    EXPECT_GE(record->at("s").as_string().size(), 12U);
    EXPECT_LE(record->at("s").as_string().size(), 14U);
    EXPECT_TRUE(record->at("e").as_string() == "x" || record->at("e").as_string() == "y");
  }
  EXPECT_EQ(records.size(), 50U);
}

TEST(FittingRecord, NothingIsMadeUpForAPattern) {
  EXPECT_EQ(fitting_record(schema_of(R"({"name": "p", "type": "string", "pattern": "a+"})"), 0).error().code,
            ErrorCode::InvalidData);
  EXPECT_EQ(*fitting_record(schema_of(R"({"name": "p", "type": "string", "pattern": "a+", "default": "aa"})"), 0),
            R"({"p":"aa"})");
}

}  // namespace
}  // namespace canvasback
