// Views and their windows as a worker makes them: what the front would be told, and the rows that come back.
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "worker/roles/query/executor_test_support.hpp"

namespace canvasback {
namespace {

class ViewTaskTest : public ExecutorTest {
 protected:
  ViewState build(const Selection& selection, std::int64_t first = 10, std::uint64_t bytes_max = limits::kGiB) {
    ViewWork work;
    work.dataset = "d";
    work.selection = selection;
    return build(std::move(work), first, bytes_max);
  }
  ViewState build(ViewWork work, std::int64_t first = 10, std::uint64_t bytes_max = limits::kGiB) {
    work.build.key = "view " + std::to_string(++views_);
    work.build.first = first;
    work.build.bytes_max = bytes_max;
    Task task;
    task.work = std::move(work);
    const Outcome outcome = run(task);
    EXPECT_FALSE(outcome.failed) << outcome.end.dump();
    return view_state_from_json(outcome.end.at("view"));
  }
  WindowWork window_work(const ViewState& state, std::int64_t from, std::int64_t to) {
    WindowWork work;
    work.dataset = "d";
    work.window.method = state.method;
    work.window.from = from;
    work.window.to = to;
    work.window.parts = state.parts;
    work.window.places_in_parts = true;
    return work;
  }
  BatchPtr window(const WindowWork& work) {
    Task task;
    task.work = work;
    const Outcome outcome = run(task);
    EXPECT_FALSE(outcome.failed) << outcome.end.dump();
    auto reader = arrow::ipc::RecordBatchStreamReader::Open(
        std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(outcome.bytes)));
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    auto table = (*reader)->ToTable();
    EXPECT_TRUE(table.ok());
    EXPECT_EQ((*table)->num_rows(), outcome.end.at("window").at("rows").as_int());
    auto batch = (*table)->CombineChunksToBatch();
    EXPECT_TRUE(batch.ok());
    return *batch;
  }
  static std::vector<std::int64_t> ids(const BatchPtr& batch, const std::string& column = "id") {
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->GetColumnByName(column));
    return {values.raw_values(), values.raw_values() + values.length()};
  }

  int views_ = 0;
};

TEST_F(ViewTaskTest, AnOrderIsKeptAsPositionsAndReadFromAnywhere) {
  add_example();
  const ViewState state = build(selection_of("", "-id"));
  EXPECT_EQ(state.method, ViewMethod::Positions);
  EXPECT_EQ(state.rows, 100);
  EXPECT_TRUE(state.rows_exact);
  EXPECT_EQ(state.columns.size(), 6U);
  WindowWork work = window_work(state, 38, 42);
  work.window.row_ids = true;
  const BatchPtr batch = window(work);
  EXPECT_EQ(ids(batch), (std::vector<std::int64_t>{61, 60, 59, 58}));
  EXPECT_EQ(ids(batch, kFileRowColumn), (std::vector<std::int64_t>{1, 0, 59, 58}));
  const auto& files = static_cast<const arrow::Int32Array&>(*batch->GetColumnByName(kFileIndexColumn));
  EXPECT_EQ(files.Value(1), 1);
  EXPECT_EQ(files.Value(2), 0);
  work = window_work(state, 99, 200);
  work.columns = {"name"};
  EXPECT_EQ(window(work)->num_columns(), 1);
  EXPECT_EQ(window(work)->num_rows(), 1);
  EXPECT_EQ(window(window_work(state, 100, 200))->num_rows(), 0);
}

TEST_F(ViewTaskTest, DecodedColumnsAndRowGroupsGiveTheSameRows) {
  add_example();
  const ViewState state = build(selection_of("", "-f,k"));
  const BatchPtr from_columns = window(window_work(state, 0, 100));
  // Without the decoded columns, but with the order.
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "cache")) {
    const bool is_part = std::ranges::any_of(
        state.parts, [&](const ViewPart& part) { return entry.path().filename() == part.key + ".arrow"; });
    if (!is_part) std::filesystem::remove(entry.path());
  }
  const BatchPtr from_files = window(window_work(state, 0, 100));
  EXPECT_TRUE(from_columns->Equals(*from_files, false, arrow::EqualOptions::Defaults().nans_equal(true)));
}

TEST_F(ViewTaskTest, AFilterThatLeavesLittleKeepsTheRows) {
  add_example();
  const ViewState state = build(selection_of(R"({"id": {"op": "ge", "value": 30}})", "id"));
  EXPECT_EQ(state.method, ViewMethod::Rows);
  EXPECT_EQ(state.rows, 70);
  EXPECT_EQ(ids(window(window_work(state, 29, 32))), (std::vector<std::int64_t>{59, 60, 61}));
  const ViewState none = build(selection_of(R"({"id": -1})"));
  EXPECT_EQ(none.rows, 0);
  EXPECT_EQ(window(window_work(none, 0, 10))->num_columns(), 6);
}

TEST_F(ViewTaskTest, SearchLooksAtEveryColumn) {
  add_example();
  ViewWork work;
  work.dataset = "d";
  work.build.search = "N7";
  const ViewState state = build(std::move(work), 200);
  EXPECT_EQ(ids(window(window_work(state, 0, 100))),
            (std::vector<std::int64_t>{7, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79}));
}

TEST_F(ViewTaskTest, TooLargeAnOrderHasItsFirstRows) {
  add_example();
  const ViewState state = build(selection_of("", "-id"), 10, 100);
  EXPECT_FALSE(state.limited.empty());
  EXPECT_EQ(ids(window(window_work(state, 0, 2))), (std::vector<std::int64_t>{99, 98}));
}

TEST_F(ViewTaskTest, AStatementsResultCanBeChosenFrom) {
  add_example();
  ViewWork statement;
  statement.statement.sql =
      "SELECT id, name, '-170141183460469231731687303715884105728'::HUGEINT AS h FROM d WHERE id < 50";
  const ViewState base = build(std::move(statement));
  ASSERT_EQ(base.rows, 50);
  EXPECT_EQ(base.columns[2].type, "HUGEINT");
  ViewWork chosen;
  chosen.build.source = base.parts;
  chosen.selection = selection_of(R"({"id": {"op": "lt", "value": 5}})", "-id");
  const ViewState state = build(std::move(chosen));
  EXPECT_EQ(ids(window(window_work(state, 0, 10))), (std::vector<std::int64_t>{4, 3, 2, 1, 0}));
  Task forbidden;
  forbidden.work.emplace<ViewWork>().statement.sql = "SELECT * FROM read_csv('x')";
  EXPECT_EQ(run(forbidden).code(), "QueryForbidden");
}

TEST_F(ViewTaskTest, APartThatIsGoneIsTold) {
  add_example();
  const ViewState state = build(selection_of("", "-id"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "cache"))
    std::filesystem::remove(entry.path());
  Task gone;
  gone.work = window_work(state, 0, 10);
  EXPECT_EQ(run(gone).code(), "Unavailable");
  WindowWork other = window_work(state, 0, 10);
  other.window.version = "another";
  gone.work = other;
  EXPECT_EQ(run(gone).code(), "Unavailable");
}

TEST_F(ViewTaskTest, LongTextsAreCutBetweenCharacters) {
  add_example();
  ViewWork statement;
  statement.statement.sql = "SELECT repeat('ä', 100) AS t UNION ALL SELECT 'short'";
  const ViewState state = build(std::move(statement));
  WindowWork work = window_work(state, 0, 2);
  work.window.places_in_parts = false;
  work.window.cell_bytes = 65;
  const BatchPtr batch = window(work);
  const auto& texts = static_cast<const arrow::StringArray&>(*batch->GetColumnByName("t"));
  const auto& bytes = static_cast<const arrow::Int64Array&>(*batch->GetColumnByName("__bytes_t"));
  for (std::int64_t i = 0; i < 2; ++i) {
    const bool cut = texts.GetView(i) != "short";
    EXPECT_EQ(texts.GetView(i).size(), cut ? 64U : 5U);
    EXPECT_EQ(bytes.IsNull(i), !cut);
    if (cut) {
      EXPECT_EQ(bytes.Value(i), 200);
    }
  }
}

}  // namespace
}  // namespace canvasback
