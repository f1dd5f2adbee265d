// JSON files in two passes: what is in them comes back, whole and part by part.
#include "source/records/json_file.hpp"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/compress.hpp"
#include "base/test_support.hpp"

namespace canvasback {
namespace {

using Values = std::vector<std::string>;

struct Table {
  std::map<std::string, Values> columns;
  std::vector<TextColumn> types;
  std::int64_t rows = 0;
  TextReading reading;
};

class JsonFileTest : public testing::Test {
 protected:
  std::string write(std::string_view name, std::string_view text) { return folder_.write(name, text); }

  // Both passes over files together; parts are read in the order given, or all of them in theirs.
  Result<Table> read(const std::vector<std::string>& paths, std::vector<int> columns = {}, bool backwards = false) {
    Table table;
    for (const std::string& path : paths) {
      CANVASBACK_ASSIGN(JsonScan scan,
                        scan_json(path, table.reading.settings, {.threads = 3, .cancel = {}, .on_progress = {}}));
      table.rows += scan.reading.rows;
      table.reading.files.push_back(std::move(scan.reading));
      table.reading.kinds.merge(scan.kinds);
    }
    table.reading.kinds = column_kinds(table.reading.kinds);
    table.types = json_columns(table.reading.kinds);
    CANVASBACK_ASSIGN(const auto source, open_json(paths, table.reading));
    EXPECT_EQ(source->schema()->num_fields(), static_cast<int>(table.types.size()));
    if (columns.empty()) {
      for (int i = 0; i < source->schema()->num_fields(); ++i) columns.push_back(i);
    }
    CANVASBACK_ASSIGN(const auto reader, source->open(columns, CancelToken()));
    std::vector<std::size_t> parts;
    for (std::size_t i = 0; i < source->parts().size(); ++i) parts.push_back(i);
    if (backwards) std::ranges::reverse(parts);
    std::vector<BatchPtr> batches(parts.size());
    for (std::size_t part : parts) {
      CANVASBACK_ASSIGN(batches[part], reader->read(part));
      EXPECT_EQ(batches[part]->num_rows(), source->parts()[part].rows);
      EXPECT_TRUE(batches[part]->ValidateFull().ok());
    }
    for (const BatchPtr& batch : batches) {
      for (int i = 0; i < batch->num_columns(); ++i) {
        Values& values = table.columns[batch->schema()->field(i)->name()];
        for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
          const auto& column = *batch->column(i);
          values.push_back(column.IsNull(row) ? "-" : column.GetScalar(row).ValueOrDie()->ToString());
        }
      }
    }
    return table;
  }
  Result<Table> read_text(std::string_view text) { return read({write("x.json", text)}); }
  std::string error_of(std::string_view text) {
    const auto table = read_text(text);
    return table ? "none" : table.error().message;
  }

  TemporaryFolder folder_;
};

std::string type_of(const Table& table, const std::string& name) {
  for (const TextColumn& column : table.types) {
    if (column.name == name) return column.type;
  }
  return "none";
}

TEST_F(JsonFileTest, TheThreeLayouts) {
  for (const auto& [text, layout] : {std::pair{"{\"a\":1}\n\n {\"a\":\"x\"}\r\n", JsonLayout::Lines},
                                     {" [ {\"a\":1} ,\n{\"a\":\"x\"} ]\n", JsonLayout::Array},
                                     {"{\n \"a\": 1\n}\n{\n \"a\": \"x\"\n}", JsonLayout::Values},
                                     {"\xEF\xBB\xBF{\"a\":1}\n{\"a\":\"x\"}", JsonLayout::Lines},
                                     {"{\"a\":1}{\"a\":\"x\"}", JsonLayout::Values},
                                     {"{\"a\":1} {\"a\":\n\"x\"}\n", JsonLayout::Values}}) {
    const auto table = read_text(text);
    ASSERT_TRUE(table) << text << table.error().message;
    EXPECT_EQ(table->reading.files[0].layout, layout) << text;
    EXPECT_EQ(table->rows, 2) << text;
    EXPECT_EQ(table->columns.at("a"), (Values{"1", "-"})) << text;
    EXPECT_EQ(table->columns.at("a__string"), (Values{"-", "x"})) << text;
  }
}

TEST_F(JsonFileTest, NothingIsTakenForAnythingElse) {
  const auto table = read_text(R"([{"u":"BBD05AE7-76A6-4F1F-8F0A-57B8C7E1C8C5","t":"2026-04-29T14:38:00+02:00",
    "n":277447099861456945273576150847928801582,"d":0.1,"i":9007199254740993,"x":"00501","e":null,"o":{"p":null}}])");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->columns.at("u"), Values{"BBD05AE7-76A6-4F1F-8F0A-57B8C7E1C8C5"});
  EXPECT_EQ(table->columns.at("t"), Values{"2026-04-29T14:38:00+02:00"});
  EXPECT_EQ(table->columns.at("n"), Values{"277447099861456945273576150847928801582"});
  EXPECT_EQ(type_of(*table, "n"), "VARCHAR");
  EXPECT_EQ(table->columns.at("d"), Values{"0.1"});
  EXPECT_EQ(table->columns.at("i"), Values{"9007199254740993"});
  EXPECT_EQ(type_of(*table, "i"), "BIGINT");
  EXPECT_EQ(table->columns.at("x"), Values{"00501"});
  EXPECT_EQ(type_of(*table, "e"), "VARCHAR");
  EXPECT_EQ(type_of(*table, "o"), "STRUCT(\"p\" VARCHAR)");
}

TEST_F(JsonFileTest, WhatIsNoObjectIsAValue) {
  const auto table = read_text("[1, \"a\\u00e9\", null, [1,2], {\"b\":true}, [[]  ]]");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows, 6);
  EXPECT_EQ(table->columns.at("json"), (Values{"1", "-", "-", "-", "-", "-"}));
  EXPECT_EQ(table->columns.at("json__string"), (Values{"-", "aé", "-", "[1,2]", "-", "[[]  ]"}));
  EXPECT_EQ(table->columns.at("b"), (Values{"-", "-", "-", "-", "true", "-"}));
  EXPECT_EQ(read_text("42")->columns.at("json"), Values{"42"});
  EXPECT_EQ(read_text("\"asd\"\n")->columns.at("json"), Values{"asd"});
  EXPECT_EQ(read_text("[]")->rows, 0);
  EXPECT_EQ(type_of(*read_text("[]"), "json"), "VARCHAR");
  EXPECT_EQ(read_text("")->rows, 0);
  EXPECT_EQ(read_text("[{}]")->rows, 1);
  // No envelope is looked into: the file is what it says.
  EXPECT_EQ(read_text("{\"records\":[{\"a\":1}]}")->types[0].name, "records");
}

TEST_F(JsonFileTest, LinesMayBeArrays) {
  const auto table = read_text("[1,2]\n\n[3,4]\n{\"a\":5}\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows, 3);
  EXPECT_EQ(table->columns.at("a"), (Values{"-", "-", "5"}));
  EXPECT_NE(error_of("[{\"a\":1}]\nx\n").find("Something follows the array"), std::string::npos);
}

// Forms that every parser must take, and forms that none may, of the kinds that JSONTestSuite has.
TEST_F(JsonFileTest, ValidForms) {
  for (const char* text : {"[[]   ]",
                           "[\"\"]",
                           "[]",
                           "[null, 1, \"1\", {}]",
                           "[1\n]",
                           " [1]",
                           "[1,null,null,null,2]",
                           "[2] ",
                           "[123e65]",
                           "[0e+1]",
                           "[0e1]",
                           "[ 4]",
                           "[-0.000000000000000000000000000000000000000000000000000001]",
                           "[20e1]",
                           "[-0]",
                           "[-123]",
                           "[-1]",
                           "[1E22]",
                           "[1E-2]",
                           "[1E+2]",
                           "[123e45]",
                           "[123.456e78]",
                           "[1e-2]",
                           "[1e+2]",
                           "[123]",
                           "[123.456789]",
                           "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}",
                           "{\"asd\":\"sdf\"}",
                           "{}",
                           "{\"min\": -1.0e+28, \"max\": 1.0e+28}",
                           "{\"a\":[]}",
                           "{\"title\":\"\\u041f\\u043e\"}",
                           "{\n\"a\": \"b\"\n}",
                           "[\"\\u0060\\u012a\\u12AB\"]",
                           "[\"\\uD801\\udc37\"]",
                           "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
                           "[\"\\\\u0000\"]",
                           "[\"a/*b*/c/*d//e\"]",
                           "[\"\\\\a\"]",
                           "[\"\\u0012\"]",
                           "[\"\\uFFFF\"]",
                           "[ \"asd\"]",
                           "[\"\\u0000\"]",
                           "[\"\xEF\xBF\xBF\"]",
                           "[\"\xE2\x82\xAC\"]",
                           "[\"\\uD834\\uDd1e\"]",
                           "[\"\x7F\"]",
                           "false",
                           "42",
                           "-0.1",
                           "null",
                           "\"asd\"",
                           "true",
                           "\"\"",
                           "[\"a\"]\n",
                           "[true]",
                           " [] ",
                           "[1.5]\t\r\n"}) {
    const auto table = read_text(text);
    EXPECT_TRUE(table) << text << ": " << (table ? "" : table.error().message);
  }
}

// clang-format off
constexpr std::string_view kInvalidForms[]{
    "[1 true]", "[a\xE5]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]", "[\"x\"]]", "[\"\",]", "[\"x\"",
    "[x", "[3[4]]", "[\xFF]", "[1:2]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]", "[\"\x0B\x61\"\\f]",
    "[*]", "[1,\n1\n,1", "[{}", "[fals]", "[nul]", "[tru]", "123\xE5", "[++1234]", "[+1]", "[+Inf]", "[-01]",
    "[-1.0.]", "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]", "[0.1.2]", "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0E]",
    "[1.0e+]", "[1.0e-]", "[1 000.0]", "[1eE2]", "[2.e+3]", "[9.e+]", "[Inf]", "[NaN]", "[\xEF\xBC\x91]", "[1+2]",
    "[0x1]", "[Infinity]", "[0e+-1]", "[-123.123foo]", "[- 1]", "[-012]", "[-.123]", "[1ea]", "[1.]", "[.123]",
    "[1.2a-3]", "[012]", "[\"x\", truth]", "{[: \"x\"}\n", "{\"x\", null}", "{\"x\"::\"b\"}", "{\"a\":\"a\" 123}",
    "{key: 'value'}", "{\"\xB9\":\"0\",}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}", "{\"a\":", "{\"a\"", "{1:1}",
    "{9999E9999:1}", "{null:null}", "{\"id\":0,,,,,}", "{'a':0}", "{\"id\":0,}", "{\"a\":\"b\"}/**/",
    "{\"a\":\"b\"}//", "{\"a\":\"b\"}/", "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}", "{\"a\":\"a",
    "{ \"foo\" : \"bar\", \"a\" }", "{\"a\":\"b\"}#", "[\"\\uD800\\\"]", "[\"\\uD800\\u\"]", "[\"\\uD800\\u1\"]",
    "[\xC3\xA9]", "[\"\\x00\"]", "[\"\\\\\\\"]", "[\"\\\t\"]", "[\"\\\"]", "[\"\\u00A\"]", "[\"\\uD834\\uDd\"]",
    "[\"\\a\"]", "[\"\\uqqqq\"]", "[\"\\\xE5\"]", "[\\u0020\"asd\"]", "[\\n]", "\"", "['single quote']", "abc",
    "[\"\\", "[\"a\na\"]", "[\"\t\"]", "\"\\UA66D\"", "<.>", "[<null>]", "[1]x", "[1]]", "[\"asd]", "aå", "[True]",
    "1]", "{\"x\": true,", "[][]", "]", "[", "{", "{}}", "{\"\":", "*", "{\"a\":\"b\"}#{}", "[\\u000A\"\"]",
    "[\"asd\"", "{\"asd\":\"asd\"", "{\"a\": true} \"x\"", "['", "[,", "[{", "[\"a", "{]", "{,", "{[", "{\"a",
    "{'a'", "[\"\\{[\"\\{[\"\\{[\"\\{", "\xE9", "\xE2\x81\xA0", "[1,\"b\":2]", "1,\"b\":2", "[1],\"x\":3", "[1}",
    "[1,}", "{\"a\":1]",
};
// clang-format on

TEST_F(JsonFileTest, InvalidForms) {
  for (const std::string_view text : kInvalidForms) {
    const auto table = read_text(text);
    EXPECT_FALSE(table) << text;
  }
}

TEST_F(JsonFileTest, AnErrorNamesTheLine) {
  EXPECT_TRUE(error_of("{\"a\":1}\n{\"a\":}\n").starts_with("line 2: ")) << error_of("{\"a\":1}\n{\"a\":}\n");
  EXPECT_TRUE(error_of("{\"a\":1}\n\n\n{\"a\":1,\"a\":2}\n").starts_with("line 4: \"a\": "));
  EXPECT_TRUE(error_of("[\n{\"a\":1},\n{\"a\":1e400}\n]").starts_with("line 3: \"a\": "));
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "{\"a\":" + std::to_string(i) + ",\"text\":\"some text to fill blocks\"}\n";
  const std::string message = error_of(many + "{\"a\":tru}\n" + many);
  EXPECT_TRUE(message.starts_with("line 100001: ")) << message;
  const std::string deep = "{\"a\":" + std::string(200, '[') + std::string(200, ']') + "}";
  EXPECT_NE(error_of(deep).find("nested too deeply"), std::string::npos) << error_of(deep);
}

TEST_F(JsonFileTest, PartsOfLargeFilesInAnyOrder) {
  const auto record = [](int i) {
    return "{\"n\":" + std::to_string(i) + ",\"t\":\"" + std::string(static_cast<std::size_t>(i % 90), 'x') +
           "\",\"v\":" +
           (i == 77'777  ? "\"odd\""
            : i % 3 == 0 ? "null"
                         : "1.5") +
           ",\"l\":[" + std::to_string(i) + "]}";
  };
  constexpr int kRows = 100'000;
  std::string lines, array = "[", values;
  for (int i = 0; i < kRows; ++i) {
    lines += record(i) + "\n";
    array += (i > 0 ? ",\n " : "") + record(i);
    values += record(i) + (i % 7 == 0 ? "" : "\n\n");
  }
  array += "]\n";
  for (const std::string& text : {lines, array, values}) {
    for (const bool backwards : {false, true}) {
      const auto table = read({write("large.json", text)}, {}, backwards);
      ASSERT_TRUE(table) << table.error().message;
      ASSERT_EQ(table->rows, kRows);
      EXPECT_GE(table->reading.files[0].parts.size(), 6U);
      for (std::size_t part = 0; part < table->reading.files[0].parts.size(); ++part) {
        EXPECT_LE(table->reading.files[0].rows_of_part(part), kTextPartRows);
      }
      const Values& numbers = table->columns.at("n");
      for (int i = 0; i < kRows; ++i) ASSERT_EQ(numbers[static_cast<std::size_t>(i)], std::to_string(i));
      EXPECT_EQ(table->columns.at("v__string")[77'777], "odd");
      EXPECT_EQ(table->columns.at("v")[77'777], "-");
      EXPECT_EQ(table->columns.at("t")[89].size(), 89U);
    }
  }
}

TEST_F(JsonFileTest, CompressedAndEncoded) {
  std::string lines;
  std::string wide = "\xFF\xFE";
  for (int i = 0; i < 50'000; ++i) {
    const std::string begin = "{\"n\":" + std::to_string(i) + ",\"t\":\"";
    lines += begin + "€\"}\n";
    for (char c : begin) wide += {c, '\0'};
    wide += {'\xAC', '\x20', '"', '\0', '}', '\0', '\n', '\0'};
  }
  std::vector<std::string> paths{folder_.write("utf16.json", wide)};
  for (const char* encoding : {"gzip", "zstd"}) {
    std::string packed;
    auto compressor = make_compressor(encoding);
    ASSERT_TRUE(compressor);
    ASSERT_TRUE((*compressor)->add(lines, packed));
    ASSERT_TRUE((*compressor)->end(packed));
    paths.push_back(folder_.write(encoding, packed));
  }
  for (const std::string& path : paths) {
    for (const bool backwards : {false, true}) {
      const auto table = read({path}, {}, backwards);
      ASSERT_TRUE(table) << path << table.error().message;
      EXPECT_TRUE(table->reading.files[0].compressed);
      ASSERT_EQ(table->rows, 50'000);
      for (int i = 0; i < 50'000; ++i)
        ASSERT_EQ(table->columns.at("n")[static_cast<std::size_t>(i)], std::to_string(i));
      EXPECT_EQ(table->columns.at("t")[49'999], "€");
    }
  }
}

TEST_F(JsonFileTest, SeveralFilesHaveTheColumnsOfAll) {
  const auto table = read(
      {write("a.json", "{\"a\":1,\"b\":[1]}\n"), write("b.json", ""), write("c.json", "[{\"c\":true,\"a\":1.5}]")});
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->columns.at("a"), (Values{"1", "1.5"}));
  EXPECT_EQ(table->columns.at("b"), (Values{"list<item: int64>[1]", "-"}));
  EXPECT_EQ(table->columns.at("c"), (Values{"-", "true"}));
}

TEST_F(JsonFileTest, SomeColumnsInTheOrderWanted) {
  const auto path = write("x.json", "{\"a\":1,\"b\":\"x\",\"c\":2.5}\n{\"a\":\"y\",\"b\":\"z\",\"c\":1}\n");
  const auto table = read({path}, {3, 0});
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->columns.size(), 2U);
  EXPECT_EQ(table->columns.at("c"), (Values{"2.5", "1"}));
  EXPECT_EQ(table->columns.at("a"), (Values{"1", "-"}));
}

TEST_F(JsonFileTest, AFileThatChangedIsNoOtherOne) {
  const auto path = write("x.json", "{\"a\":1}\n{\"a\":2}\n");
  auto scan = scan_json(path, {}, {});
  ASSERT_TRUE(scan);
  TextReading reading;
  reading.files = {scan->reading};
  reading.kinds = column_kinds(scan->kinds);
  const auto source = open_json({path}, reading);
  ASSERT_TRUE(source);
  for (const char* text :
       {"{\"a\":1}\n{\"a\":x}\n", "{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}\n\"\"      \n", "{\"a\":1}\n"}) {
    write("x.json", text);
    const auto reader = (*source)->open({0}, CancelToken());
    ASSERT_TRUE(reader);
    const auto batch = (*reader)->read(0);
    ASSERT_FALSE(batch) << text;
    EXPECT_EQ(batch.error().code, ErrorCode::InvalidData);
    EXPECT_NE(batch.error().message.find(path), std::string::npos) << batch.error().message;
  }
}

TEST_F(JsonFileTest, SettingsOfCsvAreRefused) {
  TextSettings settings;
  settings.delimiter = ";";
  EXPECT_FALSE(scan_json(write("x.json", "{}"), settings, {}));
}

}  // namespace
}  // namespace canvasback
