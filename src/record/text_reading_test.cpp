#include "record/text_reading.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(TextSettings, GoThroughJsonAndBack) {
  TextSettings settings;
  settings.delimiter = ";";
  settings.quote = "";
  settings.header = false;
  settings.encoding = "windows-1252";
  settings.decimal = ",";
  settings.date_format = "%d.%m.%Y";
  settings.null_values = {"NA", "-"};
  settings.types = {{"id", "VARCHAR"}};
  settings.all_text = true;
  const auto back = text_settings_from_json(to_json(settings));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, settings);
  EXPECT_EQ(*text_settings_from_json(Json()), TextSettings());
}

TEST(TextSettings, AnErrorNamesTheSetting) {
  for (const auto& [text, name] : {std::pair{R"({"delimiter": "ab"})", "delimiter"},
                                   {R"({"delimiter": 5})", "delimiter"},
                                   {R"({"header": "yes"})", "header"},
                                   {R"({"encoding": "latin"})", "encoding"},
                                   {R"({"decimal": ";"})", "decimal"},
                                   {R"({"decimal": ",", "delimiter": ","})", "decimal"},
                                   {R"({"date_format": "iso"})", "date_format"},
                                   {R"({"null_values": "NA"})", "null_values"},
                                   {R"({"types": ["id"]})", "types"},
                                   {R"({"delimeter": ";"})", "delimeter"}}) {
    const auto settings = text_settings_from_json(*Json::parse(text));
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code, ErrorCode::InvalidData);
    EXPECT_NE(settings.error().message.find(name), std::string::npos) << settings.error().message;
  }
}

TEST(TextSettings, AQueryHasThem) {
  const auto settings =
      text_settings_from_query("delimiter=%3B&header=false&null_values=NA&null_values=&types=a%3Ab:DATE");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->delimiter, ";");
  EXPECT_EQ(settings->header, false);
  EXPECT_EQ(settings->null_values, (std::vector<std::string>{"NA", ""}));
  EXPECT_EQ(settings->types.at("a:b"), "DATE");
  EXPECT_EQ(text_settings_from_query("delimiter=;")->delimiter, ";");
  for (const char* query : {"delimiter", "delimiter=%zz", "types=id", "header=maybe", "all=true"}) {
    EXPECT_FALSE(text_settings_from_query(query)) << query;
  }
}

TEST(TextReading, GoesThroughJsonAndBack) {
  TextReading reading;
  reading.settings.header = true;
  TextFileReading csv;
  csv.dialect = {"utf-16le", '\t', '\0', '\\', '#', false, true};
  csv.names = {"a", "a,\"b"};
  csv.rows = 20'000;
  csv.short_rows = 3;
  csv.long_rows = 4;
  csv.end = 1ULL << 40;
  csv.parts = {{5, 0, 2}, {1ULL << 35, 16'384, 16'390}};
  csv.compressed = true;
  TextFileReading json;
  json.layout = JsonLayout::Values;
  json.rows = 3;
  json.parts = {{0, 0, 1}, {70, 2, 9}};
  json.edges = "e";
  reading.files = {csv, json};
  reading.columns = {{"a", "BIGINT", ""}, {"a,\"b", "VARCHAR", "line 5 has \"x\""}};
  reading.hive = {{"year", "BIGINT", ""}};
  reading.kinds.member("a").seen = bit(Kind::Int);
  const auto back = text_reading_from_json(to_json(reading));
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->files.size(), 2U);
  EXPECT_EQ(back->files[0].dialect, csv.dialect);
  EXPECT_EQ(back->files[0].names, csv.names);
  EXPECT_EQ(back->files[0].parts, csv.parts);
  EXPECT_EQ(back->files[0].end, csv.end);
  EXPECT_TRUE(back->files[0].compressed);
  EXPECT_EQ(back->files[0].rows_of_part(0), 16'384);
  EXPECT_EQ(back->files[0].rows_of_part(1), 20'000 - 16'384);
  EXPECT_EQ(back->files[1].layout, JsonLayout::Values);
  EXPECT_EQ(back->files[1].rows_of_part(0), 2);
  EXPECT_EQ(back->files[1].edges, "e");
  EXPECT_EQ(back->columns[1].reason, reading.columns[1].reason);
  EXPECT_EQ(back->hive[0].name, "year");
  EXPECT_EQ(back->kinds, reading.kinds);
}

}  // namespace
}  // namespace canvasback
