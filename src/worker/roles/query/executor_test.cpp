// The executor's other tasks and its ends: SQL, inspection, formats, failures, cancelling.
#include "worker/roles/query/executor.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "worker/roles/query/executor_test_support.hpp"

namespace canvasback {
namespace {

using Texts = std::vector<std::string>;

TEST_F(ExecutorTest, SqlReadsDatasetsByName) {
  add_example();
  const Json document = sql("SELECT count(*) AS n, max(id) FROM D WHERE k = $1", *Json::parse("[3]")).document();
  EXPECT_EQ(row_texts(document), Texts{"[13,94]"});
  EXPECT_EQ(document.at("columns").as_array()[0].at("name").as_string(), "n");
}

TEST_F(ExecutorTest, ARowLimitSaysThatThereWasMore) {
  add_example();
  const Json cut = sql("SELECT id FROM d ORDER BY id", {}, 3).document();
  EXPECT_EQ(row_texts(cut), (Texts{"[0]", "[1]", "[2]"}));
  EXPECT_FALSE(cut.at("total_exact").as_bool());
  const Json all = sql("SELECT id FROM d ORDER BY id", {}, 100).document();
  EXPECT_EQ(row_texts(all).size(), 100U);
  EXPECT_TRUE(all.at("total_exact").as_bool());
  EXPECT_EQ(row_texts(sql("SELECT id FROM d", {}, 0).document()), Texts());
}

TEST_F(ExecutorTest, RefusedAndWrongSqlSaysWhere) {
  add_example();
  const Outcome refused = sql("SELECT * FROM read_text('/etc/passwd')");
  EXPECT_EQ(refused.code(), "QueryForbidden");
  EXPECT_EQ(refused.bytes, "");
  const Outcome wrong = sql("SELECT nope FROM d");
  EXPECT_EQ(wrong.code(), "QueryInvalid");
  EXPECT_EQ(wrong.end.at("position").as_int(-1), 7);
  EXPECT_EQ(sql("SELECT * FROM other").code(), "QueryInvalid");
}

TEST_F(ExecutorTest, AFailedTaskLeavesTheNextOneAlone) {
  add_example();
  EXPECT_TRUE(sql("SELECT error('x') FROM d").failed);
  EXPECT_EQ(row_texts(sql("SELECT 1").document()), Texts{"[1]"});
}

TEST_F(ExecutorTest, AFailureInTheMiddleEndsWithFailedNotDone) {
  add_example();
  const Outcome outcome = sql("SELECT CASE WHEN i = 250000 THEN error('boom') ELSE i END FROM range(300000) t(i)");
  EXPECT_TRUE(outcome.failed);
  EXPECT_FALSE(Json::parse(outcome.bytes)) << "what came before must not look complete";
}

TEST_F(ExecutorTest, ATaskCancelledBeforeItStartsDoesNothing) {
  add_example();
  CancelToken cancel;
  cancel.cancel(CancelReason::Timeout);
  const Outcome outcome = run(rows_task({}, "csv"), cancel);
  EXPECT_EQ(outcome.code(), "QueryTimeout");
  EXPECT_EQ(outcome.bytes, "");
}

// The engine forgets an interrupt that comes too early, so it is asked until the task has ended, as child_main does.
TEST_F(ExecutorTest, ARunningStatementIsCancelled) {
  Task task;
  task.work.emplace<SqlWork>().statement.sql = "SELECT count(*) FROM range(100000000) a, range(100000000) b";
  CancelToken cancel;
  std::atomic<bool> ended = false;
  std::thread asking([&] {
    cancel.cancel(CancelReason::Client);
    while (!ended) {
      executor_->interrupt();
      std::this_thread::yield();
    }
  });
  const Outcome outcome = run(task, cancel);
  ended = true;
  asking.join();
  EXPECT_EQ(outcome.code(), "Cancelled");
}

TEST_F(ExecutorTest, InspectionLearnsSchemaRowsAndStatistics) {
  const Dataset dataset = add("d", DatasetKind::Parquet, {write("a.parquet", "parquet", example_rows(0, 60))});
  EXPECT_EQ(dataset.rows, 60);
  EXPECT_TRUE(dataset.plain_scan);
  ASSERT_EQ(dataset.columns.size(), 6U);
  EXPECT_EQ(dataset.columns[0].type, "BIGINT");
  EXPECT_EQ(dataset.columns[0].max, "59");
  EXPECT_EQ(dataset.columns[1].null_count, 6);
  EXPECT_EQ(dataset.columns[3].type, "DECIMAL(12,2)");
  EXPECT_EQ(dataset.columns[5].type, "TIMESTAMP");
}

TEST_F(ExecutorTest, InspectionOfDamagedFilesNamesThem) {
  Task task;
  InspectWork& work = task.work.emplace<InspectWork>();
  work.listed.name = "d";
  work.listed.files = {listed(folder_.write("in/bad.parquet", "PAR1 not at all PAR1"))};
  const Outcome outcome = run(task);
  EXPECT_EQ(outcome.code(), "InvalidData");
  EXPECT_NE(outcome.end.at("message").as_string().find("bad.parquet"), std::string_view::npos);
}

TEST_F(ExecutorTest, EveryFormatHasItsBytes) {
  add_example();
  const Selection selection = selection_of(R"({"id":{"op":"lt","value":2}})", "id");
  Selection narrow = selection;
  narrow.columns = {"id", "name"};
  EXPECT_EQ(run(rows_task(narrow, "csv")).bytes, "id,name\n0,n0\n1,n1\n");
  EXPECT_EQ(run(rows_task(narrow, "ndjson")).bytes, "{\"id\":0,\"name\":\"n0\"}\n{\"id\":1,\"name\":\"n1\"}\n");
  EXPECT_TRUE(run(rows_task(narrow, "arrow")).bytes.starts_with("\xff\xff\xff\xff"));
  EXPECT_TRUE(run(rows_task(narrow, "arrow_file")).bytes.starts_with("ARROW1"));
  EXPECT_TRUE(run(rows_task(narrow, "parquet")).bytes.ends_with("PAR1"));
  Task packed = rows_task(narrow, "csv");
  packed.output.content_encoding = "gzip";
  EXPECT_TRUE(run(packed).bytes.starts_with("\x1f\x8b"));
  EXPECT_EQ(run(rows_task(narrow, "xml")).code(), "InvalidData");
}

TEST_F(ExecutorTest, AWholeParquetFileIsPassedOnAsItIs) {
  const std::string path = write("a.parquet", "parquet", example_rows(0, 60));
  add("d", DatasetKind::Parquet, {path});
  const Outcome outcome = run(rows_task({}, "parquet"));
  EXPECT_EQ(outcome.bytes, file_bytes(path));
  EXPECT_EQ(outcome.end.at("metrics").at("method").as_string(), "file");
  EXPECT_EQ(outcome.end.at("metrics").at("rows").as_int(), 60);
}

TEST_F(ExecutorTest, AFileThatChangedIsRefused) {
  const std::string path = write("a.parquet", "parquet", example_rows(0, 60));
  add("d", DatasetKind::Parquet, {path});
  write("a.parquet", "parquet", example_rows(0, 61));
  EXPECT_EQ(run(rows_task({}, "parquet")).code(), "Unavailable");
  EXPECT_EQ(run(rows_task({}, "csv")).code(), "Unavailable");
}

TEST_F(ExecutorTest, AnUnknownDatasetIsNotFound) { EXPECT_EQ(rows({}).code(), "DatasetNotFound"); }

TEST_F(ExecutorTest, ProgressTellsWhatWasSent) {
  add_example();
  EXPECT_FALSE(run(rows_task({}, "csv")).failed);
  const Json progress = executor_->progress();
  EXPECT_EQ(progress.at("rows").as_int(), 100);
  EXPECT_EQ(progress.at("rows_expected").as_int(), 100);
  EXPECT_EQ(progress.at("share").as_double(), 1);
}

}  // namespace
}  // namespace canvasback
