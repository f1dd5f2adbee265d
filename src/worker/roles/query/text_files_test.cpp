// Files of CSV and JSON as the executor answers from them: rows and pages without the engine, everything else through
// it.
#include "worker/roles/query/text_files.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "record/text_reading.hpp"
#include "worker/roles/query/executor_test_support.hpp"

namespace canvasback {
namespace {

using Texts = std::vector<std::string>;

class TextFilesTest : public ExecutorTest {
 protected:
  std::string write(const std::string& name, const std::string& text) { return folder_.write("in/" + name, text); }
  Texts whole(const Selection& selection) {
    const Outcome outcome = rows(selection);
    EXPECT_FALSE(outcome.failed) << outcome.end.dump();
    return row_texts(outcome.document());
  }
  Texts statement(const std::string& text) {
    const Outcome outcome = sql(text);
    EXPECT_FALSE(outcome.failed) << outcome.end.dump();
    return row_texts(outcome.document());
  }
  Outcome inspect(Dataset dataset) {
    Task task;
    task.work = InspectWork{std::move(dataset)};
    return run(task);
  }
};

// 40,000 numbers, and then one cell that is none.
std::string late_text() {
  std::string out = "id,v\n";
  for (int i = 0; i < 40'000; ++i) out += std::to_string(i) + ",7\n";
  return out + "40000,00501\n";
}

TEST_F(TextFilesTest, EveryRouteHasTheCellsOfACsvFile) {
  const Dataset dataset = add("d", DatasetKind::Csv, {write("x.csv", late_text())});
  EXPECT_EQ(dataset.rows, 40'001);
  ASSERT_EQ(dataset.columns.size(), 2U);
  EXPECT_EQ(dataset.columns[0].type, "BIGINT");
  EXPECT_EQ(dataset.columns[1].type, "VARCHAR");
  ASSERT_TRUE(dataset.text);
  EXPECT_NE(dataset.text->columns[1].reason.find("00501"), std::string::npos);
  Selection page;
  page.offset = 39'999;
  page.limit = 5;
  const Outcome outcome = rows(page);
  EXPECT_EQ(row_texts(outcome.document()), (Texts{R"([39999,"7"])", R"([40000,"00501"])"}));
  EXPECT_EQ(outcome.end.at("metrics").at("method").as_string(), "plain_scan");
  EXPECT_EQ(outcome.document().at("total_rows").as_int(), 40'001);
  EXPECT_TRUE(outcome.document().at("total_exact").as_bool());
  EXPECT_EQ(whole(selection_of(R"({"v":"00501"})")), Texts{R"([40000,"00501"])"});
  EXPECT_EQ(whole(selection_of("", "v,-id", 2)), (Texts{R"([40000,"00501"])", R"([39999,"7"])"}));
  EXPECT_EQ(statement("SELECT v, count(*) AS n FROM d GROUP BY v ORDER BY v"),
            (Texts{R"(["00501",1])", R"(["7",40000])"}));
  EXPECT_EQ(statement("SELECT id FROM d LIMIT 2 OFFSET 16383"), (Texts{"[16383]", "[16384]"}));
  EXPECT_EQ(statement("SELECT id FROM d WHERE v = '7' LIMIT 2 OFFSET 20000"), (Texts{"[20000]", "[20001]"}));
}

TEST_F(TextFilesTest, KeysetPagesGoThroughAllRowsOnce) {
  std::string second = "id,v\n";
  for (int i = 40'001; i < 40'100; ++i) second += std::to_string(i) + ",7\n";
  add("d", DatasetKind::Csv, {write("a.csv", late_text()), write("b.csv", second)});
  Selection selection = selection_of("", "-v", 9'000);
  Texts all;
  for (int pages = 0; pages < 10; ++pages) {
    const Json document = rows(selection).document();
    const Texts texts = row_texts(document);
    all.insert(all.end(), texts.begin(), texts.end());
    if (!document.at("next").is_string()) break;
    selection.after = document.at("next").as_string();
  }
  ASSERT_EQ(all.size(), 40'100U);
  EXPECT_EQ(all[0], R"([0,"7"])");
  EXPECT_EQ(all[40'000], R"([40001,"7"])") << "rows that are alike stand as in their files";
  EXPECT_EQ(all.back(), R"([40000,"00501"])");
}

TEST_F(TextFilesTest, JsonHasTheColumnsOfAllItsRecords) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "{\"a\":" + std::to_string(i) + "}\n";
  text += "{\"a\":true,\"b\":[{\"c\":9007199254740993}]}\n";
  const Dataset dataset = add("d", DatasetKind::Json, {write("x.ndjson", text)});
  EXPECT_EQ(dataset.rows, 30'001);
  ASSERT_EQ(dataset.columns.size(), 3U);
  EXPECT_EQ(dataset.columns[1].name, "a__string");
  EXPECT_EQ(dataset.columns[2].type, "STRUCT(c BIGINT)[]");
  Selection page;
  page.offset = 30'000;
  const Texts last{R"([null,"true",[{"c":"9007199254740993"}]])"};
  EXPECT_EQ(whole(page), last);
  EXPECT_EQ(whole(selection_of(R"({"a__string":"true"})")), last);
  EXPECT_EQ(statement("SELECT sum(a)::BIGINT, count(b) FROM d"), Texts{"[449985000,1]"});
}

TEST_F(TextFilesTest, ABadFileIsLeftOutWithItsReason) {
  Dataset dataset;
  dataset.name = "d";
  dataset.kind = DatasetKind::Json;
  for (const auto& [name, text] :
       {std::pair{"a.json", "{\"n\":1}"}, {"b.json", "{\"n\":oops}"}, {"c.json", "[{\"n\":3}]"}}) {
    dataset.files.push_back(listed(write(name, text)));
  }
  const Outcome outcome = inspect(dataset);
  ASSERT_FALSE(outcome.failed) << outcome.end.dump();
  const auto inspected = dataset_from_json(outcome.end.at("dataset"));
  ASSERT_TRUE(inspected);
  ASSERT_EQ(inspected->files.size(), 2U);
  ASSERT_EQ(inspected->left_out.size(), 1U);
  EXPECT_TRUE(inspected->left_out[0].path.ends_with("/b.json"));
  EXPECT_NE(inspected->left_out[0].reason.find("line 1"), std::string::npos) << inspected->left_out[0].reason;
  update(*inspected);
  EXPECT_EQ(statement("SELECT n FROM d"), (Texts{"[1]", "[3]"}));
  dataset.files = {dataset.files[1]};
  const Outcome alone = inspect(dataset);
  EXPECT_TRUE(alone.failed);
  EXPECT_EQ(alone.code(), "InvalidData");
}

TEST_F(TextFilesTest, FoldersAndNamesThatSqlTakesForOne) {
  Dataset dataset;
  dataset.name = "d";
  dataset.kind = DatasetKind::Csv;
  for (const char* day : {"2024-01-02", "2024-01-03"}) {
    DataFile file = listed(write(std::string("day=") + day + "/x.csv", "a,A,file_index\n1,2,7\n"));
    file.partition = {{"day", day},
                      {"ver", std::string(day) == "2024-01-02" ? std::optional<std::string>("1.10") : std::nullopt}};
    dataset.files.push_back(std::move(file));
  }
  const Outcome outcome = inspect(dataset);
  ASSERT_FALSE(outcome.failed) << outcome.end.dump();
  const auto inspected = dataset_from_json(outcome.end.at("dataset"));
  ASSERT_TRUE(inspected);
  update(*inspected);
  const std::string other = inspected->columns[1].name;
  EXPECT_NE(other, "A") << "SQL would take it for the other";
  const Texts all{R"([1,2,7,"2024-01-02","1.10"])", R"([1,2,7,"2024-01-03",null])"};
  EXPECT_EQ(whole({}), all);
  EXPECT_EQ(whole(selection_of("", "-day")), (Texts{all[1], all[0]}));
  EXPECT_EQ(whole(selection_of("{\"" + other + "\":2,\"ver\":\"1.10\"}")), Texts{all[0]});
  EXPECT_EQ(statement("SELECT * FROM d WHERE day = DATE '2024-01-03'"), Texts{all[1]});
}

TEST_F(TextFilesTest, AFileMayGrowButNotChange) {
  const std::string path = write("x.csv", "a\n1\n2\n");
  add("d", DatasetKind::Csv, {path});
  std::ofstream(path, std::ios::app) << "3\n";
  EXPECT_EQ(whole({}), (Texts{"[1]", "[2]"})) << "of the version that was read";
  std::ofstream(path) << "a,b\n1,2\n3,4\n5,6\n";
  EXPECT_TRUE(rows({}).failed);
}

}  // namespace
}  // namespace canvasback
