// What records become: kinds, columns and values, whatever the order they come in.
#include "source/records/json_reader.hpp"

#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "source/records/record_splitter.hpp"

namespace canvasback {
namespace {

RecordBlock block_of(std::string_view lines) {
  RecordBlock block;
  std::string text(lines);
  const std::size_t size = text.size();
  text.append(kRecordPadding, ' ');
  block.buffer = std::make_shared<const std::string>(std::move(text));
  block.bytes = std::string_view(*block.buffer).substr(0, size);
  return block;
}

ReadRecords read_lines(std::string_view lines, const TextPlaces& texts = {}) {
  JsonRecordReader reader(RecordStamps(1'700'000'000'000'000, true), true);
  const RecordBlock block = block_of(lines);
  return reader.read(std::span(&block, 1), texts);
}

// As part_builder does it: once more where kinds want text. Columns by name, each value as text.
using Columns = std::map<std::string, std::pair<std::string, std::vector<std::string>>>;
Columns columns_of_lines(std::string_view lines) {
  TextPlaces texts;
  ReadRecords read = read_lines(lines, texts);
  Kinds kinds = kinds_of(read.records);
  while (texts.add_from(kinds)) {
    read = read_lines(lines, texts);
    kinds.merge(kinds_of(read.records));
  }
  EXPECT_EQ(read.blocks[0].error_count, 0) << read.blocks[0].errors[0].message;
  auto schema = schema_of(kinds);
  auto columns = columns_from(read.records, kinds);
  EXPECT_TRUE(schema && columns);
  const auto names = columns_of_members(kinds);
  EXPECT_EQ(names.size(), columns->size());
  Columns out;
  for (std::size_t i = 0; i < columns->size(); ++i) {
    const auto& array = *(*columns)[i];
    EXPECT_TRUE(array.ValidateFull().ok()) << names[i].name << array.ValidateFull().ToString();
    EXPECT_TRUE(array.type()->Equals((*schema)->field(static_cast<int>(i))->type())) << names[i].name;
    if (names[i].name == "id" || names[i].name == "ingested_at") continue;
    auto& [type, values] = out[names[i].name];
    type = sql_type_of(*kinds.find(names[i].key), names[i].role);
    for (std::int64_t row = 0; row < array.length(); ++row) {
      values.push_back(array.IsNull(row) ? "-" : array.GetScalar(row).ValueOrDie()->ToString());
    }
  }
  return out;
}

std::string values_of(const Columns& columns, const std::string& name) {
  auto found = columns.find(name);
  if (found == columns.end()) return "(none)";
  std::string out = found->second.first + ":";
  for (const std::string& value : found->second.second) out += " " + value;
  return out;
}

std::string signature_text(const Columns& columns) {
  std::string out;
  for (const auto& [name, column] : columns) out += name + " " + column.first + "; ";
  return out;
}

TEST(JsonRecords, ValuesKeepTheirTypes) {
  const auto columns = columns_of_lines(
      R"({"i": 1, "d": 0.1, "b": true, "s": "ä \u00e4 \"x\"", "n": null}
{"i": -9223372036854775808, "d": 1e300, "b": false, "s": ""})");
  EXPECT_EQ(values_of(columns, "i"), "BIGINT: 1 -9223372036854775808");
  EXPECT_EQ(values_of(columns, "d"), "DOUBLE: 0.1 1e+300");
  EXPECT_EQ(values_of(columns, "b"), "BOOLEAN: true false");
  EXPECT_EQ(values_of(columns, "s"), "VARCHAR: ä ä \"x\" ");
  EXPECT_EQ(values_of(columns, "n"), "(none)");
}

TEST(JsonRecords, IntegersGrowIntoDecimalsAndThenText) {
  EXPECT_EQ(values_of(columns_of_lines("{\"x\":9007199254740993}\n{\"x\":18446744073709551615}"), "x"),
            "DECIMAL(38,0): 9007199254740993 18446744073709551615");
  const std::string digits(39, '9');
  const auto columns = columns_of_lines("{\"x\":1}\n{\"x\":" + digits + "}");
  EXPECT_EQ(values_of(columns, "x"), "BIGINT: 1 -");
  EXPECT_EQ(values_of(columns, "x__string"), "VARCHAR: - " + digits);
}

TEST(JsonRecords, DoublesTakeSmallIntegersAndLeaveWideOnes) {
  EXPECT_EQ(values_of(columns_of_lines("{\"x\":1}\n{\"x\":0.5}"), "x"), "DOUBLE: 1 0.5");
  const auto columns = columns_of_lines("{\"x\":1}\n{\"x\":0.5}\n{\"x\":9007199254740993}\n{\"x\":2.0}");
  EXPECT_EQ(values_of(columns, "x"), "BIGINT: 1 - 9007199254740993 2");
  EXPECT_EQ(values_of(columns, "x__double"), "DOUBLE: - 0.5 - -");
}

TEST(JsonRecords, NestedValues) {
  const auto columns = columns_of_lines(R"({"o": {"a": 1, "p": {"q": "x"}}, "l": [1, 2], "e": []}
{"o": {"b": true}, "l": [0.5, null], "e": []}
{"l": []})");
  EXPECT_EQ(columns.at("o").first, R"(STRUCT("a" BIGINT, "p" STRUCT("q" VARCHAR), "b" BOOLEAN))");
  EXPECT_EQ(columns.at("l").first, "DOUBLE[]");
  EXPECT_EQ(values_of(columns, "l"),
            "DOUBLE[]: list<item: double>[1, 2] list<item: double>[0.5, null] list<item: double>[]");
  EXPECT_EQ(columns.at("e").first, "VARCHAR[]");
}

TEST(JsonRecords, ListsOfSeveralTypesAreText) {
  EXPECT_EQ(values_of(columns_of_lines("{\"l\":[1,2]}\n{\"l\":[1,\"a\", {\"b\": null}]}"), "l"),
            "VARCHAR: [1,2] [1,\"a\", {\"b\": null}]");
}

TEST(JsonRecords, SixTypesInAnyOrderGiveOneSchemaAndTheSameValues) {
  std::vector<std::string> records{R"({"k":0,"v":7})",   R"({"k":1,"v":0.25})",    R"({"k":2,"v":true})",
                                   R"({"k":3,"v":"t"})", R"({"k":4,"v":[1,"x"]})", R"({"k":5,"v":{"b":1,"a":null}})"};
  std::ranges::sort(records);
  std::set<std::string> outcomes;
  int count = 0;
  do {
    std::string lines;
    for (const std::string& record : records) lines += record + "\n";
    const Columns columns = columns_of_lines(lines);
    // Values by key, so that the order of rows does not matter.
    std::map<std::string, std::string> by_key;
    const auto& keys = columns.at("k").second;
    for (const auto& [name, column] : columns) {
      for (std::size_t row = 0; row < keys.size(); ++row) by_key[name + keys[row]] = column.second[row];
    }
    std::string outcome;
    for (const auto& [name, column] : columns) outcome += name + " " + column.first + "; ";
    for (const auto& [key, value] : by_key) outcome += key + "=" + value + "; ";
    outcomes.insert(outcome);
    ++count;
  } while (std::ranges::next_permutation(records).found);
  EXPECT_EQ(count, 720);
  ASSERT_EQ(outcomes.size(), 1U) << *outcomes.begin() << "\n" << *outcomes.rbegin();
  EXPECT_NE(outcomes.begin()->find(R"(v__string VARCHAR)"), std::string::npos) << *outcomes.begin();
  EXPECT_NE(outcomes.begin()->find(R"(v__string5={"b":1,"a":null})"), std::string::npos) << *outcomes.begin();
  EXPECT_NE(outcomes.begin()->find("v0=7; v1=0.25;"), std::string::npos) << *outcomes.begin();
}

TEST(JsonRecords, KindsOfPartsMergeToThoseOfTheWhole) {
  const std::vector<std::string> records{R"({"v":7})",   R"({"v":0.25})",    R"({"v":"t"})",
                                         R"({"v":[1]})", R"({"v":{"a":1}})", R"({"v":9007199254740993})"};
  std::string lines;
  for (const std::string& record : records) lines += record + "\n";
  const std::string whole = signature_text(columns_of_lines(lines));
  for (std::size_t cut = 1; cut < records.size(); ++cut) {
    Kinds first;
    Kinds second;
    for (std::size_t i = 0; i < records.size(); ++i) {
      (i < cut ? first : second).merge(kinds_of(read_lines(records[i]).records));
    }
    second.merge(first);
    std::string text;
    for (const KindColumn& column : columns_of_members(second)) {
      if (column.key == "v") text += column.name + " " + sql_type_of(*second.find("v"), column.role) + "; ";
    }
    EXPECT_EQ(text, whole) << cut;
  }
}

TEST(JsonRecords, BadRecordsAreToldAndTheOthersKept) {
  const struct {
    const char* line;
    const char* message;
  } kBad[] = {
      {R"({"a":1)", "Malformed JSON"},
      {R"({"a":1,"a":2})", "given twice"},
      {R"({"":1})", "A key is empty"},
      {R"({"a":"x":[6}]})", "Malformed JSON"},
      {R"({"a":["x":[6}]]})", "Malformed JSON"},
      {R"({"a":{"":1}})", "A key is empty"},
      {R"({"a":NaN})", "Malformed JSON"},
      {R"({"a":1e999})", "too large"},
      {R"({"a":"\ud800"})", "lone surrogate"},
      {R"([1])", "is a JSON object"},
      {R"(5)", "is a JSON object"},
      {R"({"a":1}})", ""},
      {R"({"a":01})", "Malformed JSON"},
      {R"({"a":tru})", "Malformed JSON"},
      {"{\"a\":\"\xff\"}", "not UTF-8"},
      {"{\"a\":\"\x01\"}", "control character"},
      {R"({"a":{"b":[1,{"b":2,"b":3}]}})", "given twice"},
  };
  for (const auto& [line, message] : kBad) {
    const ReadRecords read = read_lines(std::string("{\"a\":1}\n\n") + line + "\n{\"a\":3}\n");
    ASSERT_EQ(read.blocks[0].error_count, 1) << line;
    const RecordError& error = read.blocks[0].errors[0];
    EXPECT_EQ(error.record, 1) << line;
    EXPECT_EQ(error.line, 3) << line;
    EXPECT_NE(error.message.find(message), std::string::npos) << line << ": " << error.message;
    EXPECT_EQ(read.blocks[0].seen, 3);
    EXPECT_EQ(read.records.rows, 2) << line;
    EXPECT_EQ(read.blocks[0].rejected, std::vector<std::string>{line});
  }
}

// A block is read again where its kinds want text: what was good must stay good, and the reverse.
TEST(JsonRecords, WhatIsKeptAsTextIsJudgedAsWhatIsNot) {
  EXPECT_EQ(values_of(columns_of_lines(R"({"l":[{"a":true},222222222222222222643]})"), "l"),
            R"(VARCHAR: [{"a":true},222222222222222222643])");
  const std::string same = R"({"l":[{"a":1,"a":2}]})"
                           "\n"
                           R"({"l":[{"":2}]})"
                           "\n"
                           R"({"l":[{"b":1},5]})";
  TextPlaces texts;
  EXPECT_EQ(read_lines(same).records.rows, 1);
  EXPECT_TRUE(texts.add_from(kinds_of(read_lines(same).records)));
  const ReadRecords again = read_lines(same, texts);
  EXPECT_EQ(again.records.rows, 1);
  EXPECT_EQ(again.blocks[0].error_count, 2);
}

TEST(JsonRecords, DeepNestingEndsInText) {
  std::string deep = "1";
  for (std::size_t i = 0; i < limits::kStructDepthMax + 4; ++i) deep = "{\"a\":" + deep + "}";
  EXPECT_NE(columns_of_lines(deep).at("a").first.find("VARCHAR"), std::string::npos);
  for (std::size_t i = 0; i < limits::kRecordDepthMax; ++i) deep = "{\"a\":" + deep + "}";
  EXPECT_EQ(read_lines(deep).blocks[0].error_count, 1);
  EXPECT_EQ(read_lines("{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}").blocks[0].error_count,
            1);
}

TEST(JsonRecords, RecordsGetATimeAndAnIdWhereTheyHaveNone) {
  const ReadRecords read = read_lines("{\"id\":\"mine\"}\n{\"x\":1}\n{\"id\":null}\n{\"id\":7}");
  const Kinds kinds = kinds_of(read.records);
  EXPECT_TRUE(kinds.find("id")->has(Kind::String) && kinds.find("id")->has(Kind::Int));
  const auto& ids = static_cast<const arrow::StringArray&>(*read.records.members[0].second.strings);
  ASSERT_EQ(read.records.members[0].first, "id");
  EXPECT_EQ(ids.GetString(0), "mine");
  EXPECT_EQ(ids.GetString(1).size(), 36U);
  EXPECT_EQ(ids.GetString(1)[14], '7');  // the version
  EXPECT_LT(ids.GetString(1), ids.GetString(2));
  EXPECT_TRUE(ids.IsNull(3));
  EXPECT_TRUE(kinds.find("ingested_at")->has(Kind::Timestamp));
}

// Records through the splitter, whose bytes come in pieces of every size.
std::vector<std::string> split_all(RecordFormat format, std::string_view text, std::size_t piece, Status& status) {
  std::vector<std::string> out;
  RecordSplitter splitter(format, 16, [&](RecordBlock block) -> Status {
    if (!block.lines) {
      for (const auto& range : block.records) out.emplace_back(block.bytes.substr(range.begin, range.length));
      return {};
    }
    std::string line;
    for (char c : block.bytes) {
      if (c == '\n') {
        if (!line.empty()) out.push_back(line);
        line.clear();
      } else {
        line += c;
      }
    }
    if (!line.empty()) out.push_back(line);
    return {};
  });
  for (std::size_t at = 0; at < text.size() && status; at += piece) status = splitter.add(text.substr(at, piece));
  if (status) status = splitter.finish();
  return out;
}

TEST(RecordSplitter, FindsRecordsHoweverTheyCome) {
  const std::vector<std::string> records{R"({"a":"}]\"{,"})", R"({"b":[{},[1,2]]})", R"({"c":"\\"})"};
  const struct {
    RecordFormat format;
    std::string text;
  } kCases[] = {
      {RecordFormat::Json, "\xEF\xBB\xBF [" + records[0] + " ,\n" + records[1] + "," + records[2] + "]\n"},
      {RecordFormat::Json, R"( { "records" : [)" + records[0] + "," + records[1] + "," + records[2] + "] }"},
      {RecordFormat::Json, records[0] + "\n" + records[1] + "\n" + records[2]},
      {RecordFormat::Ndjson, records[0] + "\n\n" + records[1] + "\n" + records[2] + "\n"},
  };
  for (const auto& [format, text] : kCases) {
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
      Status status;
      EXPECT_EQ(split_all(format, text, piece, status), records) << text << piece;
      EXPECT_TRUE(status) << text << piece << status.error().message;
    }
  }
}

TEST(RecordSplitter, WhatIsNoObjectIsOneOfTheArray) {
  const std::string text = "[1,2,{\"a\":3},\"}\",null,[4]]";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Status status;
    const std::vector<std::string> all{"1", "2", "{\"a\":3}", "\"}\"", "null", "[4]"};
    EXPECT_EQ(split_all(RecordFormat::Json, text, piece, status), all) << piece;
    EXPECT_TRUE(status) << piece << status.error().message;
  }
}

TEST(RecordSplitter, AnEnvelopeThatHoldsNoArrayIsRefused) {
  for (const char* text : {R"({"records": 5})", "{\"records\": {\"a\": 1}}\n"}) {
    Status status;
    split_all(RecordFormat::Json, text, 3, status);
    EXPECT_FALSE(status) << text;
  }
  Status status;
  EXPECT_EQ(split_all(RecordFormat::Json, R"({"records": 5, "id": 1})", 3, status).size(), 1U);
  EXPECT_TRUE(status);
}

TEST(RecordSplitter, ABrokenArrayIsRefused) {
  for (const char* text : {"[", "[{}", "[{},]", "[,{}]", "[{} {}]", "[{}] x", R"({"records":[{}])", R"([{"a":)"}) {
    Status status;
    split_all(RecordFormat::Json, text, 3, status);
    EXPECT_FALSE(status) << text;
  }
  Status status;
  EXPECT_EQ(split_all(RecordFormat::Json, "[]", 1, status).size(), 0U);
  EXPECT_TRUE(status);
}

TEST(RecordSplitter, PrettyPrintedRecordsAreWhole) {
  Status status;
  const std::string text = "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n";
  EXPECT_EQ(split_all(RecordFormat::Json, text, 1000, status).size(), 2U);
}

// A block that has one bad record is read by the walker that can tell what is wrong with it; one that has none, by the
// other.
TEST(JsonRecords, BothWalkersGiveTheSame) {
  const std::vector<std::string> lines{
      R"({"a": 1, "b": "x", "c": [1, 2, {"d": null}], "o": {"p": {"q": "deep"}}})",
      R"(  { "b" : "esc \" \\ \/ \u00e4 \ud83d\ude00" , "a" : -0 , "e" : [ ] , "o" : { } }  )",
      R"({"a": 0.1, "b": "", "n": null, "t": true, "f": false, "x": 1e300, "y": -1.5E-7, "z": 12345678901234567890})",
      R"({"a": 123456789012345678, "x": 0.30000000000000004, "y": 5e-324, "w": 1234567890123456789})",
      R"({"z": 1.7976931348623157e308})",
      R"({"a": 1.0, "x": 100000000000000000.5, "y": 9007199254740993.0, "z": 0.000001, "w": -9223372036854775808})",
      R"({"l": [[1, [2, "s"]], [], null, [0.5]], "m": [{"u": 1}, {"v": "w", "u": 2}], "b": "\t"})",
      R"({"a_long_key_of_more_than_sixteen_bytes": 1, "a_long_key_of_more_than_sixteen_bits": 2})",
      R"({"exactly_fifteen": 3})",
      R"({"a_long_key_of_more_than_sixteen_bytes": 4, "exactly_sixteen_": 3})",
      R"({"d": {"d": {"d": {"d": {"d": {"d": {"d": {"d": {"d": 1}}}}}}}}})",
      "{\"long\": \"" + std::string(300, 'y') + "\"}",
      R"({})"};
  for (std::size_t count = 1; count <= lines.size(); ++count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
      text += lines[(i * 7 + count) % lines.size()] + (i % 3 == 0 ? "\r\n" : "\n");
    TextPlaces texts;
    for (int round = 0; round < 4; ++round) {
      const ReadRecords plain = read_lines(text, texts);
      const ReadRecords told = read_lines(text + "{\"bad\"", texts);
      ASSERT_EQ(told.records.rows, plain.records.rows) << text;
      ASSERT_EQ(told.blocks[0].seen, plain.blocks[0].seen + 1);
      ASSERT_EQ(told.blocks[0].lines, plain.blocks[0].lines + 1);
      const Kinds kinds = kinds_of(plain.records);
      ASSERT_TRUE(kinds_of(told.records) == kinds) << text;
      const bool more = texts.add_from(kinds);
      if (!more) {
        const auto left = columns_from(plain.records, kinds);
        const auto right = columns_from(told.records, kinds);
        const auto names = columns_of_members(kinds);
        for (std::size_t i = 0; i < names.size(); ++i) {
          if (names[i].name == "id") continue;
          EXPECT_TRUE((*left)[i]->Equals((*right)[i])) << names[i].name << "\n" << text;
        }
        break;
      }
    }
  }
}

TEST(JsonRecords, NumbersThatArePlainAndOthersAreTheNearestDoubles) {
  const char* texts[] = {"0.1",
                         "-0.0",
                         "1.5",
                         "123.456",
                         "0.30000000000000004",
                         "9007199254740993.5",
                         "4503599627370496.5",
                         "1234567890.12345678",
                         "0.000000000000000001",
                         "99999999999999999.9",
                         "2.2250738585072014e-308"};
  for (const char* text : texts) {
    const ReadRecords read = read_lines(std::string("{\"x\": ") + text + "}");
    const auto& doubles = static_cast<const arrow::DoubleArray&>(*read.records.members[0].second.doubles);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(doubles.Value(0)), std::bit_cast<std::uint64_t>(std::strtod(text, nullptr)))
        << text;
  }
}

TEST(RecordSplitter, RecordsBehindEachOtherOnALine) {
  const std::vector<std::string> records{R"({"a":"}{\""})", R"({"a":2})", R"({"a":3})"};
  const std::string text = records[0] + records[1] + " " + records[2] + "\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Status status;
    EXPECT_EQ(split_all(RecordFormat::Json, text, piece, status), records) << piece;
    EXPECT_TRUE(status) << piece;
  }
}

TEST(RecordSplitter, LargeArraysAreCutByTheirStructure) {
  std::string text = "[";
  std::vector<std::string> records;
  for (int i = 0; i < 20'000; ++i) {
    records.push_back("{\"i\":" + std::to_string(i) + ",\"s\":\"}],[{ \\\" \\\\\",\"l\":[{},{\"a\":[]}]}");
    text += (i > 0 ? " ,\n" : "") + records.back();
  }
  text += " ] ";
  for (std::size_t piece : {100'000U, 1'000'003U, 10'000'000U}) {
    std::vector<std::string> found;
    std::int64_t read_rows = 0;
    int indexed = 0;
    RecordSplitter splitter(RecordFormat::Json, 200'000, [&](RecordBlock block) -> Status {
      for (const auto& range : block.records) found.emplace_back(block.bytes.substr(range.begin, range.length));
      // The index that goes with a block leads to the same records as the reader's own does.
      indexed += block.index ? 1 : 0;
      for (int own = 0; own < 2; ++own, block.index.reset()) {
        JsonRecordReader reader(RecordStamps(0, false), false);
        const ReadRecords read = reader.read(std::span(&block, 1), TextPlaces{});
        EXPECT_EQ(read.blocks[0].error_count, 0);
        const auto& numbers = static_cast<const arrow::Int64Array&>(*read.records.members[0].second.ints);
        for (std::int64_t row = 0; row < read.records.rows; ++row) {
          EXPECT_EQ(numbers.Value(row), read_rows + row) << indexed << own;
        }
        if (own == 1) read_rows += read.records.rows;
      }
      return {};
    });
    for (std::size_t at = 0; at < text.size(); at += piece) {
      ASSERT_TRUE(splitter.add(std::string_view(text).substr(at, piece)).has_value());
    }
    ASSERT_TRUE(splitter.finish().has_value());
    EXPECT_EQ(found, records);
    EXPECT_EQ(read_rows, 20'000);
    EXPECT_GT(indexed, 0);
  }
  for (const char* wrong : {",,", "{\"a\":1}{\"b\":2}", "]x"}) {
    std::string broken = text;
    broken.replace(broken.find("} ,\n{", broken.size() / 2) + 1, 0, wrong);
    RecordSplitter splitter(RecordFormat::Json, 200'000, [](RecordBlock) { return Status(); });
    const bool ok = splitter.add(broken) && splitter.finish();
    EXPECT_FALSE(ok) << wrong;
  }
}

}  // namespace
}  // namespace canvasback
