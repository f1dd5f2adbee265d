#include "record/record_schema.hpp"

#include <gtest/gtest.h>

#include "record/iso_time.hpp"

namespace canvasback {
namespace {

Result<RecordSchema> from(std::string_view text, std::string_view name = "s") {
  auto json = Json::parse(text);
  EXPECT_TRUE(json) << text;
  return record_schema_from(*json, name);
}

TEST(RecordSchema, ComesBackFromItsJson) {
  const auto schema = from(R"({"description": "d", "cast": true, "additional_fields": false, "primary_key": ["a", "b"],
      "fields": [{"name": "a", "type": "integer", "minimum": 1.5, "maximum": 9, "enum": [2, 3], "default": 2},
                 {"name": "b", "type": "string", "min_length": 1, "max_length": 5, "pattern": "x", "unique": true,
                  "required": true}, {"name": "c"}, {"name": "t", "type": "timestamp", "minimum": "2025-01-01"}]})");
  ASSERT_TRUE(schema) << schema.error().message;
  const Json kept = to_json(*schema);
  EXPECT_EQ(to_json(record_schema_from_kept(kept)).dump(), kept.dump());
  using Names = std::vector<std::vector<std::string>>;
  EXPECT_EQ(schema->keys(), (Names{{"a", "b"}, {"b"}}));
  EXPECT_EQ(schema->fields[2].type, FieldType::Any);
}

TEST(RecordSchema, TheKeyIsTheIdWhereNoneIsSaid) {
  EXPECT_EQ(from(R"({"fields": []})")->primary_key, std::vector<std::string>{"id"});
  EXPECT_TRUE(from(R"({"fields": [], "primary_key": []})")->keys().empty());
  EXPECT_EQ(from(R"({"fields": [{"name": "k", "type": "integer"}], "primary_key": "k"})")->primary_key,
            std::vector<std::string>{"k"});
}

TEST(RecordSchema, SaysWhatIsWrong) {
  for (const char* wrong : {R"([])",
                            R"({})",
                            R"({"fields": {}})",
                            R"({"fields": [1]})",
                            R"({"fields": [], "more": 1})",
                            R"({"fields": [{"name": "a", "kind": "x"}]})",
                            R"({"fields": [{"name": "a"}, {"name": "a"}]})",
                            R"({"fields": [{"name": ""}]})",
                            R"({"fields": [{"name": "a", "type": "text"}]})",
                            R"({"fields": [{"name": "a", "required": "yes"}]})",
                            R"({"fields": [{"name": "a", "minimum": 1}]})",
                            R"({"fields": [{"name": "a", "type": "integer", "minimum": "1"}]})",
                            R"({"fields": [{"name": "a", "type": "integer", "pattern": "x"}]})",
                            R"({"fields": [{"name": "a", "type": "string", "pattern": "("}]})",
                            R"({"fields": [{"name": "a", "type": "string", "min_length": -1}]})",
                            R"({"fields": [{"name": "a", "type": "string", "enum": []}]})",
                            R"({"fields": [{"name": "a", "type": "string", "enum": [1]}]})",
                            R"({"fields": [{"name": "a", "type": "date", "default": "2025-13-01"}]})",
                            R"({"fields": [{"name": "a", "type": "array", "default": []}]})",
                            R"({"fields": [{"name": "ingested_at", "type": "timestamp"}]})",
                            R"({"fields": [], "primary_key": "nobody"})",
                            R"({"fields": [], "primary_key": ["id", "id"]})",
                            R"({"fields": [{"name": "a", "type": "number"}], "primary_key": "a"})",
                            R"({"fields": [{"name": "a", "type": "array", "unique": true}]})",
                            R"({"fields": [], "primary_key": 1})",
                            R"({"fields": [], "name": "other"})"}) {
    const auto schema = from(wrong);
    EXPECT_TRUE(!schema && schema.error().code == ErrorCode::SchemaValidation) << wrong;
  }
}

TEST(IsoTimes, OfTheCalendarOnly) {
  EXPECT_EQ(parse_iso_date("1970-01-02"), 1);
  EXPECT_EQ(parse_iso_date("2024-02-29"), 19'782);
  EXPECT_EQ(parse_iso_date("1969-12-31"), -1);
  for (const char* wrong : {"2023-02-29", "2025-1-1", "2025-00-10", "2025-01-32", "20250101", "2025-01-01T", ""}) {
    EXPECT_FALSE(parse_iso_date(wrong)) << wrong;
  }
  constexpr std::int64_t kNoonUs = 43'200'000'000;
  for (const char* noon : {"1970-01-01T12:00", "1970-01-01 12:00:00", "1970-01-01T12:00:00.000Z", "1970-01-01T14:00+02",
                           "1970-01-01t06:30:00-0530", "1970-01-01T14:00:00.0000000+02:00"}) {
    EXPECT_EQ(parse_iso_time(noon), kNoonUs) << noon;
  }
  EXPECT_EQ(parse_iso_time("1970-01-01T00:00:00.123456"), 123'456);
  EXPECT_EQ(parse_iso_time("1970-01-02"), 86'400'000'000);
  EXPECT_EQ(parse_iso_time("1970-01-01T00:00:00.123456000Z"), 123'456);
  EXPECT_FALSE(parse_iso_time("1970-01-01T00:00:00.1234560001Z"));
  const auto fine = parse_fine_time("1970-01-01T00:00:00.123456789Z");
  EXPECT_TRUE(fine && fine->us == 123'456 && !fine->is_whole);
  EXPECT_TRUE(parse_fine_time("1970-01-01T00:00:00.123456000Z")->is_whole);
  EXPECT_FALSE(parse_fine_time("1970-01-01T24:00"));
  for (const char* wrong : {"1970-01-01T24:00", "1970-01-01T12:60", "1970-01-01T12:00:60", "1970-01-01T12",
                            "1970-01-01T12:00:00.", "1970-01-01T12:00+2", "1970-01-01T12:00 UTC", "1970-01-01x12:00"}) {
    EXPECT_FALSE(parse_iso_time(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace canvasback
