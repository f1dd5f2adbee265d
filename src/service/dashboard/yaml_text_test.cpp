#include "service/dashboard/yaml_text.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace canvasback {
namespace {

std::string json_of(std::string_view text) {
  const auto yaml = YamlText::parse(text);
  return yaml ? yaml->json().dump() : yaml.error().message;
}

TEST(YamlText, ReadsPlainNotation) {
  EXPECT_EQ(json_of("a: 1\nb: [x, 'y', \"z\"]\nc:\n  - {d: true, e: null, f: ~}\n  - 1.5\n"),
            R"({"a":1,"b":["x","y","z"],"c":[{"d":true,"e":null,"f":null},1.5]})");
  EXPECT_EQ(json_of("a: >-\n  one\n  two\n"), R"({"a":"one two"})");
}

TEST(YamlText, TakesForNumbersWhatYamlSaysAndNothingElse) {
  EXPECT_EQ(json_of("[1, -1, +1, .5, 1., 1e3, -2.5E-1, 007]"), "[1,-1,1,0.5,1.0,1000.0,-0.25,7]");
  EXPECT_EQ(json_of("[2025-01-01, 1_000, 0x1f, 1e, ., '1', NO, yes, 1.2.3, .inf, .nan]"),
            R"(["2025-01-01","1_000","0x1f","1e",".","1","NO","yes","1.2.3",".inf",".nan"])");
  EXPECT_EQ(json_of("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(json_of("92233720368547758070"), R"("92233720368547758070")") << "no digit is lost";
}

TEST(YamlText, RefusesWhatCanGrowOrHide) {
  EXPECT_EQ(json_of("a: &x 1\nb: *x\n"), "Line 1, column 4: Anchors (&name) are not allowed.");
  EXPECT_EQ(json_of("b: *x\n"), "Line 1, column 4: Aliases (*name) are not allowed: write the value.");
  EXPECT_EQ(json_of("a: !!int 1\n"), "Line 1, column 4: Tags (!name) are not allowed.");
  EXPECT_EQ(json_of("a: !x [1]\n"), "Line 1, column 4: Tags (!name) are not allowed.");
  EXPECT_EQ(json_of("a: 1\nb: 2\na: 3\n"), "Line 3, column 1: The key \"a\" is there twice.");
  EXPECT_EQ(json_of("a: 1\n---\nb: 2\n"), "Line 2, column 1: There must be one document only.");
  EXPECT_EQ(json_of("[1]: 2\n"), "Line 1, column 1: A key must be a text.");
  EXPECT_EQ(json_of(""), "Line 1, column 1: The text is empty.");
  EXPECT_EQ(json_of("a: \xff\n"), "Line 1, column 1: The text is not valid UTF-8.");
  EXPECT_EQ(json_of(std::string(limits::kDashboardBytesMax + 1, ' ')),
            "Line 1, column 1: The text is longer than 256 KiB.");
  EXPECT_NE(json_of(std::string(40, '[')).find("nested too deeply"), std::string::npos);
}

TEST(YamlText, SaysWhereItIsNotYaml) {
  DashboardProblem problem;
  EXPECT_FALSE(YamlText::parse("a: 1\n  b: 2\n", &problem));
  EXPECT_EQ(problem.line, 2);
  EXPECT_GT(problem.column, 0);
  EXPECT_FALSE(YamlText::parse("a: [1, 2\n", &problem));
  EXPECT_FALSE(problem.message.empty());
}

TEST(YamlText, KnowsThePlaceOfKeysAndValues) {
  const auto yaml = YamlText::parse("title: x\nmetrics:\n  measures:\n    - {name: ä, agg: summ}\n").value();
  const auto place = [&](std::string_view path, bool of_key) {
    const TextPlace at = yaml.place_of(path, of_key);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
  };
  EXPECT_EQ(place("metrics.measures[0].agg", false), "4:22");
  EXPECT_EQ(place("metrics.measures[0].agg", true), "4:17");
  EXPECT_EQ(place("metrics.measures[0].nosuch", false), "4:7") << "what is missing is told of what it is missing in";
  EXPECT_EQ(place("metrics", true), "2:1");
  EXPECT_EQ(place("", false), "1:1");
  EXPECT_EQ(place("nosuch[3].x", false), "1:1");
}

TEST(YamlText, WritesWhatItReads) {
  const char* text =
      R"({"title":"Ä \"q\": #1","a":["1","true","","null"," x","2025-01-01",1,1.5,true,null,"- x","a: b"],)"
      R"("metrics":{"dimensions":["a",{"name":"b","top":20}],"measures":[{"name":"c","of":["x","y"],)"
      R"("where":{"s":[null]}}]},)"
      R"("tiles":[{"type":"text","text":"two\nlines"}],"none":{},"empty":[]})";
  const Json json = Json::parse(text).value();
  const std::string written = yaml_of(json);
  EXPECT_EQ(json_of(written), json.dump()) << written;
  EXPECT_NE(written.find("\n  - {name: c, of: [x, y], "), std::string::npos) << written;
}

}  // namespace
}  // namespace canvasback
