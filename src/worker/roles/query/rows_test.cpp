// Where task and engine meet: selections as the executor runs them on small files, against what they should mean.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "worker/roles/query/executor_test_support.hpp"

namespace canvasback {
namespace {

using Texts = std::vector<std::string>;

class RowsTest : public ExecutorTest {
 protected:
  // All rows of a selection, page by page.
  Texts paged(Selection selection, std::int64_t page_rows) {
    Texts all;
    selection.limit = page_rows;
    for (int page = 0; page < 200; ++page) {
      const Outcome outcome = rows(selection);
      EXPECT_FALSE(outcome.failed) << outcome.end.dump();
      const Json document = outcome.document();
      const Texts texts = row_texts(document);
      all.insert(all.end(), texts.begin(), texts.end());
      if (!document.at("next").is_string()) return all;
      EXPECT_EQ(texts.size(), static_cast<std::size_t>(page_rows));
      selection.after = document.at("next").as_string();
      selection.offset = 0;
    }
    ADD_FAILURE() << "pages without end";
    return all;
  }
  Texts whole(const Selection& selection) {
    const Outcome outcome = rows(selection);
    EXPECT_FALSE(outcome.failed) << outcome.end.dump();
    return row_texts(outcome.document());
  }
  // How many rows a filter finds; -1 where it is refused.
  std::int64_t matching(std::string_view filter) {
    const Outcome outcome = rows(selection_of(filter));
    if (outcome.failed) {
      EXPECT_EQ(outcome.code(), "InvalidData") << outcome.end.dump();
      return -1;
    }
    return static_cast<std::int64_t>(row_texts(outcome.document()).size());
  }
};

TEST_F(RowsTest, AFileOrderPageIsTheRowsAtItsOffset) {
  add_example();
  Selection selection;
  selection.columns = {"name", "id"};
  selection.offset = 58;
  selection.limit = 4;
  const Json document = rows(selection).document();
  EXPECT_EQ(row_texts(document), (Texts{R"(["n58",58])", R"(["n59",59])", R"(["n60",60])", R"(["n61",61])"}));
  EXPECT_EQ(document.at("total_rows").as_int(), 100);
  EXPECT_TRUE(document.at("total_exact").as_bool());
}

TEST_F(RowsTest, PagesInFileOrderJoinToAllRows) {
  add_example();
  EXPECT_EQ(paged({}, 7), whole({}));
  Selection late;
  late.offset = 95;
  EXPECT_EQ(paged(late, 2).size(), 5U);
  late.offset = 1000;
  EXPECT_EQ(whole(late), Texts());
}

TEST_F(RowsTest, SortedPagesJoinToTheSortedRows) {
  add_example();
  for (const char* sort : {"k", "-k", "k,-id", "-k,name", "amount", "-amount", "name", "f", "-f", "f,-k", "-t", "id"}) {
    const Selection selection = selection_of("", sort);
    EXPECT_EQ(paged(selection, 23), whole(selection)) << sort;
  }
}

TEST_F(RowsTest, NullsAreLastInBothDirections) {
  add_example();
  for (const char* sort : {"k", "-k"}) {
    Selection selection = selection_of("", sort);
    selection.columns = {"k"};
    const Texts texts = whole(selection);
    EXPECT_EQ(std::ranges::count(texts, "[null]"), 10);
    EXPECT_TRUE(std::all_of(texts.end() - 10, texts.end(), [](const auto& text) { return text == "[null]"; })) << sort;
  }
}

TEST_F(RowsTest, FilteredPagesJoinToTheFilteredRows) {
  add_example();
  for (const char* filter : {R"({"k":3})", R"({"name":{"op":"contains","value":"N5"}})", R"({"k":null})"}) {
    for (const char* sort : {"", "-id", "f"}) {
      const Selection selection = selection_of(filter, sort);
      EXPECT_EQ(paged(selection, 4), whole(selection)) << filter << sort;
    }
  }
}

TEST_F(RowsTest, FiltersMeanWhatTheySay) {
  add_example();
  for (const auto& [filter, rows] : std::vector<std::pair<const char*, std::int64_t>>{
           {"{}", 100},
           {R"({"id":5})", 1},
           {R"({"id":"5"})", 1},
           {R"({"id":{"op":"ne","value":5}})", 99},
           {R"({"k":{"op":"ne","value":0}})", 86},  // NULL is not 0
           {R"({"k":null})", 10},
           {R"({"k":{"op":"is_null","value":false}})", 90},
           {R"({"not":{"k":{"op":"ge","value":0}}})", 10},
           {R"({"id":{"op":"between","value":[10,19]}})", 10},
           {R"({"id":{"op":"in","value":[1,2,1000]}})", 2},
           {R"({"k":{"op":"in","value":[0,null]}})", 24},
           {R"({"id":{"op":"lt","value":2.5}})", 3},
           {R"({"id":2.5})", 0},
           {R"({"id":{"op":"lt","value":1e30}})", 100},
           {R"({"id":{"op":"lt","value":18446744073709551615}})", 100},
           {R"({"amount":-10})", 1},
           {R"({"amount":"-10.00"})", 1},
           {R"({"amount":{"op":"le","value":-9.755}})", 1},
           {R"({"amount":0.25})", 1},
           {R"({"amount":0.251})", 0},
           {R"({"name":"n7"})", 1},
           {R"({"name":"'; DROP TABLE d; --"})", 0},
           {R"({"name":{"op":"like","value":"n_"}})", 10},
           {R"({"t":"1970-01-01"})", 1},
           {R"({"t":{"op":"lt","value":"1970-01-01 00:00:00"}})", 50},
           {R"({"or":[{"id":1},{"and":[{"k":2},{"id":{"op":"lt","value":10}}]}]})", 2},
           {R"({"or":[]})", 0},
           {R"({"and":[]})", 100},
           {R"({"id":"five"})", -1},
           {R"({"t":"yesterday"})", -1},
       }) {
    EXPECT_EQ(matching(filter), rows) << filter;
  }
}

TEST_F(RowsTest, TotalsOfFilteredPagesAreExactOnceKnown) {
  add_example();
  Selection selection = selection_of(R"({"k":3})", "-id", 5);
  const Json sorted = rows(selection).document();
  EXPECT_TRUE(sorted.at("total_exact").as_bool());
  EXPECT_EQ(sorted.at("total_rows").as_int(), static_cast<std::int64_t>(whole(selection_of(R"({"k":3})")).size()));
  selection.sort.clear();
  EXPECT_FALSE(rows(selection).document().at("total_exact").as_bool());
  Task told = rows_task(selection);
  std::get<RowsWork>(told.work).known_total = 77;
  EXPECT_EQ(run(told).document().at("total_rows").as_int(), 77);
}

TEST_F(RowsTest, SamplesAreRepeatableAndTheSeedChangesThem) {
  add_example();
  for (const char* sample : {"40%", "20 rows"}) {
    Selection selection;
    selection.columns = {"id"};
    selection.sample = *parse_sample(sample, 1);
    const Texts first = whole(selection);
    EXPECT_EQ(first, whole(selection)) << sample;
    EXPECT_GT(first.size(), 5U);
    EXPECT_LT(first.size(), 80U);
    selection.sample = *parse_sample(sample, 2);
    EXPECT_NE(first, whole(selection)) << sample;
  }
}

TEST_F(RowsTest, ASampleOfSoManyRowsHasSoMany) {
  add_example();
  Selection selection;
  selection.columns = {"id"};
  selection.sample = *parse_sample("20 rows", 1);
  const Texts texts = whole(selection);
  EXPECT_EQ(texts.size(), 20U);
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 20U);
  selection.sample = *parse_sample("1000 rows", 1);
  EXPECT_EQ(whole(selection).size(), 100U);
  selection.sample = *parse_sample("100%", 1);
  EXPECT_EQ(whole(selection).size(), 100U);
}

TEST_F(RowsTest, SampledPagesJoinToTheSample) {
  add_example();
  for (const char* sample : {"40%", "20 rows"}) {
    for (const char* sort : {"", "-id", "k"}) {
      Selection selection = selection_of("", sort);
      selection.sample = *parse_sample(sample, 3);
      EXPECT_EQ(paged(selection, 11), whole(selection)) << sample << sort;
      selection.filter = *Json::parse(R"({"k":{"op":"gt","value":2}})");
      EXPECT_EQ(paged(selection, 11), whole(selection)) << sample << sort << " filtered";
    }
  }
}

TEST_F(RowsTest, CursorsOfOtherRequestsAreRefused) {
  add_example();
  const auto next = [&](const Selection& selection) {
    return std::string(rows(selection).document().at("next").as_string());
  };
  Selection selection = selection_of("", "", 5);
  selection.after = next(selection_of("", "k", 5));
  EXPECT_EQ(rows(selection).code(), "InvalidData");
  selection = selection_of("", "k,id", 5);
  selection.after = next(selection_of("", "k", 5));
  EXPECT_EQ(rows(selection).code(), "InvalidData");
  selection = selection_of("", "", 5);
  selection.after = next(selection);
  Dataset changed = add("d", DatasetKind::Parquet, {folder_ / "in/a.parquet"});
  changed.version = "v2";
  update(changed);
  EXPECT_EQ(rows(selection).code(), "CursorExpired");
  selection.after = "nonsense";
  EXPECT_EQ(rows(selection).code(), "InvalidData");
}

TEST_F(RowsTest, OtherKindsOfFilesAnswerTheSame) {
  for (const auto& [kind, format] : std::vector<std::pair<DatasetKind, const char*>>{
           {DatasetKind::Csv, "csv"}, {DatasetKind::Json, "ndjson"}, {DatasetKind::Arrow, "arrow"}}) {
    const Dataset dataset = add("d", kind, {write(std::string("x.") + format, format, example_rows(0, 30))});
    EXPECT_EQ(dataset.rows, 30) << format;
    EXPECT_EQ(dataset.columns.size(), kind == DatasetKind::Json ? 7U : 6U) << "NaN is a text in JSON";
    Selection selection = selection_of(R"({"id":{"op":"ge","value":10}})", "-id");
    selection.columns = {"id"};
    const Texts texts = whole(selection);
    ASSERT_EQ(texts.size(), 20U) << format;
    EXPECT_EQ(texts[0], "[29]");
    EXPECT_EQ(paged(selection, 6), texts) << format;
  }
}

TEST_F(RowsTest, FilesOfDifferentSchemasAreUnitedByName) {
  const BatchPtr narrow = example_rows(0, 5)->SelectColumns({0}).ValueOrDie();
  const Dataset dataset =
      add("d", DatasetKind::Parquet,
          {write("a.parquet", "parquet", example_rows(0, 5)), write("b.parquet", "parquet", narrow)});
  EXPECT_TRUE(dataset.union_by_name);
  EXPECT_FALSE(dataset.plain_scan);
  EXPECT_EQ(whole({}).size(), 10U);
  EXPECT_EQ(matching(R"({"name":null})"), 5);
}

TEST_F(RowsTest, APageIsDecodedOnceAndThenComesFromTheCache) {
  add_example();
  const Selection selection = selection_of("", "", 3);
  const Outcome first = rows(selection);
  EXPECT_EQ(first.end.at("metrics").at("method").as_string(), "decoded_rows");
  wait_for_block();
  const Outcome second = rows(selection);
  EXPECT_EQ(second.end.at("metrics").at("method").as_string(), "cached_block");
  EXPECT_EQ(row_texts(first.document()), row_texts(second.document()));
  EXPECT_EQ(second.end.at("blocks").as_array().size(), 1U);
}

}  // namespace
}  // namespace canvasback
