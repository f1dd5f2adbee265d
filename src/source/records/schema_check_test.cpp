#include "source/records/schema_check.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "source/records/json_reader.hpp"

namespace canvasback {
namespace {

RecordSchema schema_of_text(std::string_view text) {
  auto json = Json::parse(text);
  EXPECT_TRUE(json);
  auto schema = record_schema_from(*json, "s");
  EXPECT_TRUE(schema) << schema.error().message;
  return *schema;
}

RecordBlock lines(std::string_view text) {
  auto buffer = std::make_shared<std::string>(text);
  const std::size_t size = buffer->size();
  buffer->append(kRecordPadding, ' ');
  RecordBlock block;
  block.bytes = std::string_view(*buffer).substr(0, size);
  block.buffer = std::move(buffer);
  return block;
}

ReadRecords read(std::string_view schema, std::string_view text, bool cast = false, bool keep = false) {
  auto check = SchemaCheck::make(schema_of_text(schema), cast);
  EXPECT_TRUE(check);
  JsonRecordReader reader(RecordStamps(1'700'000'000'000'000, (*check)->makes_ids()), keep, *check);
  const RecordBlock block = lines(text);
  return reader.read(std::span(&block, 1), TextPlaces());
}

const Shredded& member(const ReadRecords& read, std::string_view name) {
  for (const auto& [known, place] : read.records.members) {
    if (known == name) return place;
  }
  ADD_FAILURE() << "no " << name;
  static const Shredded none;
  return none;
}

// "record field rule" of each error.
std::vector<std::string> errors(const ReadRecords& read) {
  std::vector<std::string> out;
  for (const RecordError& error : read.blocks[0].errors) {
    out.push_back(std::to_string(error.record) + " " + error.field + " " + error.rule);
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(SchemaCheck, NamesTheFirstRuleThatARecordBreaks) {
  const auto out = read(R"({"fields": [
      {"name": "n", "type": "integer", "required": true, "minimum": 1, "maximum": 9},
      {"name": "s", "type": "string", "min_length": 2, "max_length": 3, "pattern": "^[a-z]+$",
       "enum": ["ab", "abc"]},
      {"name": "d", "type": "date", "minimum": "2025-01-01"}, {"name": "l", "type": "array"}]})",
                        R"({"n": 1, "s": "ab", "d": "2025-01-01", "l": [1]}
{"s": "ab"}
{"n": 0}
{"n": 10}
{"n": 5, "s": "a"}
{"n": 5, "s": "abcd"}
{"n": 5, "s": "A-"}
{"n": 5, "s": "ba"}
{"n": 5, "d": "2024-12-31"}
{"n": 5, "d": "2025-02-30"}
{"n": 5, "l": {"a": 1}}
{"n": "5"}
{"n": 2.5}
{"n": null}
{"n": 18446744073709551615}
)");
  EXPECT_EQ(errors(out), (Texts{"1 n required", "2 n minimum", "3 n maximum", "4 s min_length", "5 s max_length",
                                "6 s pattern", "7 s enum", "8 d minimum", "9 d type", "10 l type", "11 n type",
                                "12 n type", "13 n required", "14 n type"}));
  EXPECT_EQ(out.records.rows, 1);
  EXPECT_EQ(out.blocks[0].seen - out.blocks[0].error_count, 1);
}

TEST(SchemaCheck, MalformedAndRefusedRecordsAreToldInTheirOrder) {
  const auto out =
      read(R"({"fields": [{"name": "n", "type": "integer"}]})",
           "{\"n\": \"x\"}\n{\"n\": }\n{\"n\": 1}\n{\"n\": true}\n[]\n{\"n\": 2}\n{\"n\": 0.5}\n", false, true);
  EXPECT_EQ(errors(out), (Texts{"0 n type", "1 n ", "3 n type", "4  ", "6 n type"}));
  EXPECT_EQ(out.blocks[0].rejected, (Texts{R"({"n": "x"})", R"({"n": })", R"({"n": true})", "[]", R"({"n": 0.5})"}));
  ASSERT_EQ(out.records.rows, 2);
  const auto& ints = static_cast<const arrow::Int64Array&>(*member(out, "n").ints);
  EXPECT_EQ((std::pair{ints.Value(0), ints.Value(1)}), (std::pair<std::int64_t, std::int64_t>{1, 2}));
}

TEST(SchemaCheck, CastsOnRequestAndOnlyWhatLosesNothing) {
  constexpr const char* kSchema = R"({"fields": [{"name": "i", "type": "integer"}, {"name": "n", "type": "number"},
      {"name": "b", "type": "boolean"}, {"name": "s", "type": "string"}, {"name": "t", "type": "timestamp"}]})";
  constexpr const char* kText = R"({"i": "12", "n": "0.1", "b": "true", "s": 7, "t": "2025-01-01T10:00:00.5+02:00"}
{"i": 3.0, "n": 4, "b": false, "s": 0.5, "t": "2025-01-01"}
)";
  EXPECT_EQ(errors(read(kSchema, kText)), (Texts{"0 i type", "1 i type"}));
  const auto out = read(kSchema, kText, true);
  EXPECT_EQ(errors(out), Texts());
  const auto& ints = static_cast<const arrow::Int64Array&>(*member(out, "i").ints);
  const auto& numbers = static_cast<const arrow::DoubleArray&>(*member(out, "n").doubles);
  const auto& flags = static_cast<const arrow::BooleanArray&>(*member(out, "b").bools);
  const auto& texts = static_cast<const arrow::StringArray&>(*member(out, "s").strings);
  const auto& times = static_cast<const arrow::TimestampArray&>(*member(out, "t").timestamps);
  EXPECT_EQ(ints.Value(0), 12);
  EXPECT_EQ(ints.Value(1), 3);
  EXPECT_EQ(numbers.Value(0), 0.1);
  EXPECT_EQ(numbers.Value(1), 4.0);
  EXPECT_TRUE(flags.Value(0) && !flags.Value(1));
  EXPECT_EQ(texts.GetView(0), "7");
  EXPECT_EQ(texts.GetView(1), "0.5");
  const auto whole = read(kSchema, R"({"s": 1.0})", true);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*member(whole, "s").strings).GetView(0), "1.0");
  EXPECT_EQ(times.Value(0), 1'735'718'400'500'000);
  EXPECT_EQ(times.Value(1), 1'735'689'600'000'000);
  EXPECT_EQ(member(out, "s").seen, bit(Kind::String));
  for (const char* bad : {R"({"i": "1.5"})", R"({"i": "9223372036854775808"})", R"({"n": 9007199254740993})",
                          R"({"n": "nan"})", R"({"i": 1e300})", R"({"b": "yes"})", R"({"i": " 1"})", R"({"s": [1]})"}) {
    EXPECT_EQ(errors(read(kSchema, bad, true)).size(), 1U) << bad;
  }
}

TEST(SchemaCheck, DefaultsAndFieldsThatNobodySends) {
  const auto out = read(R"({"fields": [{"name": "i", "type": "integer", "default": 5, "required": true},
      {"name": "s", "type": "string", "default": "x"}, {"name": "never", "type": "date"}]})",
                        "{\"i\": 1}\n{\"s\": null, \"more\": [1]}\n");
  EXPECT_EQ(errors(out), Texts());
  const auto& ints = static_cast<const arrow::Int64Array&>(*member(out, "i").ints);
  EXPECT_EQ((std::pair{ints.Value(0), ints.Value(1)}), (std::pair<std::int64_t, std::int64_t>{1, 5}));
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*member(out, "s").strings).GetView(1), "x");
  // A column all the same.
  EXPECT_EQ(member(out, "never").seen, bit(Kind::Date));
  EXPECT_TRUE(member(out, "more").lists);
}

TEST(SchemaCheck, OtherFieldsMayBeForbidden) {
  const auto out = read(R"({"fields": [{"name": "i", "type": "integer"}], "additional_fields": false})",
                        "{\"i\": 1}\n{\"i\": 2, \"j\": 1}\n{\"id\": \"mine\"}\n{\"id\": 5}\n");
  EXPECT_EQ(errors(out), (Texts{"1 j additional_fields", "3 id type"}));
}

TEST(SchemaCheck, WideIntegersAreToldApart) {
  const auto out = read(R"({"fields": [{"name": "i", "type": "integer"}]})", "{\"i\": 9007199254740993}\n");
  EXPECT_EQ(member(out, "i").seen, bit(Kind::Int) | bit(Kind::WideInt));
}

TEST(SchemaCheck, APatternCannotHoldAWorkerUp) {
  const std::string text = "{\"s\": \"" + std::string(50, 'a') + "\"}\n";
  const auto out = read(R"({"fields": [{"name": "s", "type": "string", "pattern": "^(a+)+(b+)+$"}]})", text);
  EXPECT_EQ(errors(out), (Texts{"0 s pattern"}));
}

}  // namespace
}  // namespace canvasback
