#include "query/selection.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace canvasback {
namespace {

Dataset dataset() {
  Dataset out;
  out.name = "orders";
  out.columns = {{"id", "BIGINT", {}, {}, {}}, {"name", "VARCHAR", {}, {}, {}}};
  return out;
}

// The message of the check, or "" where it passes.
std::string filter_problem(std::string_view filter) {
  Selection selection;
  selection.filter = *Json::parse(filter);
  const Status status = check_selection(selection, dataset());
  return status ? "" : status.error().message;
}

TEST(Selection, SortIsAListOfColumnsWithSigns) {
  const auto keys = parse_sort("-amount, +id,name");
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 3U);
  EXPECT_EQ((*keys)[0].column, "amount");
  EXPECT_TRUE((*keys)[0].descending);
  EXPECT_EQ((*keys)[1].column, "id");
  EXPECT_FALSE((*keys)[1].descending);
  for (const char* bad : {"", "-", "a,,b", "a,-"}) EXPECT_FALSE(parse_sort(bad)) << bad;
  std::string many = "a";
  for (std::size_t i = 0; i < limits::kSortKeysMax; ++i) many += ",a";
  EXPECT_FALSE(parse_sort(many));
}

TEST(Selection, SamplesAreSharesOrNumbers) {
  EXPECT_EQ(parse_sample("1%", 7)->share, 0.01);
  EXPECT_EQ(parse_sample("1%", 7)->seed, 7);
  EXPECT_EQ(parse_sample(" 100 % ", 0)->share, 1);
  EXPECT_EQ(parse_sample("10000 rows", 0)->rows, 10'000);
  EXPECT_EQ(parse_sample("5", 0)->rows, 5);
  for (const char* bad : {"", "%", "0%", "101%", "-1%", "nan%", "inf%", "0 rows", "-1", "1e3", "rows", "1.5"}) {
    EXPECT_FALSE(parse_sample(bad, 0)) << bad;
  }
}

TEST(Selection, UnknownColumnsAreNamed) {
  Selection selection;
  selection.columns = {"id", "nme"};
  auto status = check_selection(selection, dataset());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "Dataset \"orders\" has no column \"nme\".");
  selection.columns = {"id"};
  selection.sort = {{"none", false}};
  EXPECT_FALSE(check_selection(selection, dataset()));
  EXPECT_NE(filter_problem(R"({"and":[{"not":{"none":1}}]})"), "");
}

TEST(Selection, GoodFiltersPass) {
  for (const char* filter :
       {"{}", R"({"id":5,"name":null})", R"({"id":{"op":"in","value":[1,null,"2"]}})",
        R"({"id":{"op":"between","value":[1,2]}})", R"({"or":[{"id":1},{"name":{"op":"like","value":"a%"}}]})",
        R"({"not":{"name":{"op":"is_null"}}})", R"({"and":[]})"}) {
    EXPECT_EQ(filter_problem(filter), "") << filter;
  }
}

TEST(Selection, MisshapenFiltersSayWhatIsWrong) {
  for (const char* filter :
       {"5", "[]", R"({"and":{}})", R"({"or":[1]})", R"({"not":[]})", R"({"id":[1,2]})", R"({"id":{}})",
        R"({"id":{"op":"regex","value":"a"}})", R"({"id":{"op":"in","value":[]}})", R"({"id":{"op":"in","value":1}})",
        R"({"id":{"op":"between","value":[1]}})", R"({"id":{"op":"eq","value":[1]}})",
        R"({"id":{"op":"eq","value":{}}})", R"({"id":{"op":"eq","value":1,"extra":2}})"}) {
    EXPECT_NE(filter_problem(filter), "") << filter;
  }
}

TEST(Selection, ValuesInListsAndRangesAreScalars) {
  EXPECT_NE(filter_problem(R"({"id":{"op":"in","value":[[1]]}})"), "");
  EXPECT_NE(filter_problem(R"({"id":{"op":"in","value":[{"a":1}]}})"), "");
  EXPECT_NE(filter_problem(R"({"id":{"op":"between","value":[[1],2]}})"), "");
  EXPECT_NE(filter_problem(R"({"id":{"op":"between","value":[null,2]}})"), "");
}

TEST(Selection, DepthAndSizeAreBounded) {
  std::string deep = R"({"id":1})";
  for (std::size_t i = 0; i < limits::kFilterDepthMax; ++i) deep = R"({"not":)" + deep + "}";
  EXPECT_EQ(filter_problem(deep), "");
  EXPECT_NE(filter_problem(R"({"not":)" + deep + "}"), "");
  std::string wide = R"({"id":1})";
  for (std::size_t i = 0; i < limits::kFilterNodesMax; ++i) wide += R"(,{"id":1})";
  EXPECT_NE(filter_problem(R"({"or":[)" + wide + "]}"), "");
  std::string list = "1";
  for (int i = 1; i < 100'000; ++i) list += ",1";
  EXPECT_EQ(filter_problem(R"({"id":{"op":"in","value":[)" + list + "]}}"), "");
  list += ",1";
  EXPECT_NE(filter_problem(R"({"id":{"op":"in","value":[)" + list + "]}}"), "");
}

TEST(Selection, FileOrderIsTheAbsenceOfAllElse) {
  Selection selection;
  selection.offset = 5;
  selection.columns = {"id"};
  EXPECT_TRUE(selection.in_file_order());
  selection.sample = Sample{};
  EXPECT_FALSE(selection.in_file_order());
}

}  // namespace
}  // namespace canvasback
