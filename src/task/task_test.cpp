#include "task/task.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

Result<Task> over_the_wire(const Task& task) { return task_from_json(*Json::parse(to_json(task).dump())); }

TEST(Task, ARowsTaskComesBackWhole) {
  Task task;
  task.id = 18'446'744'073'709'551'615U;
  RowsWork work;
  work.dataset = "orders";
  work.selection.columns = {"a", "ä \"b\""};
  work.selection.filter = *Json::parse(R"({"a":{"op":"gt","value":9007199254740993}})");
  work.selection.sort = {{"a", true}, {"b", false}};
  work.selection.sample = Sample{0.25, 0, 42};
  work.selection.offset = 5;
  work.selection.limit = 0;
  work.selection.after = "cursor";
  task.output.format = "csv";
  task.output.compression = "zstd";
  task.output.content_encoding = "gzip";
  task.output.numbers_exact = false;
  task.timeout_ms = 1000;
  task.received_ns = 9'007'199'254'740'993;
  task.queue_ms = 1.5;
  work.known_total = 0;
  task.files.left_out = {"b.parquet"};
  task.work = work;
  task.worker_number = 3;
  const auto back = over_the_wire(task);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back).dump(), to_json(task).dump());
  EXPECT_EQ(back->id, task.id);
  ASSERT_TRUE(std::holds_alternative<RowsWork>(back->work));
  EXPECT_EQ(std::get<RowsWork>(back->work).selection.limit, 0) << "no rows is not no limit";
  EXPECT_EQ(std::get<RowsWork>(back->work).selection.sample->share, 0.25);
  EXPECT_EQ(std::get<RowsWork>(back->work).known_total, 0);
  EXPECT_EQ(back->received_ns, task.received_ns);
}

TEST(Task, ASqlTaskKeepsItsParametersKind) {
  Task task;
  SqlWork& work = task.work.emplace<SqlWork>();
  work.statement.sql = "SELECT $1";
  work.statement.parameters = *Json::parse(R"([1, 1.0, "1", null, true])");
  work.row_limit = 10;
  const auto back = over_the_wire(task);
  ASSERT_TRUE(back);
  ASSERT_TRUE(std::holds_alternative<SqlWork>(back->work));
  const SqlWork& sql = std::get<SqlWork>(back->work);
  EXPECT_EQ(sql.statement.parameters.dump(), R"([1,1.0,"1",null,true])");
  EXPECT_EQ(sql.row_limit, 10);
}

TEST(Task, AnInspectTaskCarriesItsFiles) {
  Task task;
  InspectWork& work = task.work.emplace<InspectWork>();
  work.listed.name = "d";
  work.listed.files = {{"/d/a", 1, 2, 3, -1, {}}};
  const auto back = over_the_wire(task);
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::get<InspectWork>(back->work).listed.files[0].same_content(work.listed.files[0]));
}

// Of every kind of work, whatever it holds by default.
template <std::size_t kIndex = 0>
void each_kind_comes_back() {
  if constexpr (kIndex < std::variant_size_v<TaskWork>) {
    Task task;
    auto& work = task.work.emplace<kIndex>();
    if constexpr (requires { work.dataset = "d"; }) work.dataset = "d";
    if constexpr (requires { work.search.words; }) work.search = *search_for("a");  // one without a word is none
    if constexpr (requires { work.model.document; }) {
      work.model.document = *Json::parse(R"({"source":"d","measures":[{"name":"n","agg":"count"}]})");
    }
    const auto back = over_the_wire(task);
    ASSERT_TRUE(back) << name_of(task.work);
    EXPECT_EQ(back->work.index(), kIndex) << name_of(task.work);
    EXPECT_EQ(to_json(*back).dump(), to_json(task).dump()) << name_of(task.work);
    each_kind_comes_back<kIndex + 1>();
  }
}

TEST(Task, EveryKindComesBackAsItself) { each_kind_comes_back(); }

TEST(Task, AMergeTaskCarriesWhatStandsInTheFooters) {
  Task task;
  MergeWork& work = task.work.emplace<MergeWork>();
  work.id = "0123456789abcdef";
  work.info.time_us = 1'700'000'000'000'000;
  work.info.replaces = {"a-1"};
  work.info.covers = {{1, 7}};
  const auto back = over_the_wire(task);
  ASSERT_TRUE(back);
  const auto& merge = std::get<MergeWork>(back->work);
  EXPECT_EQ(merge.id, work.id);
  EXPECT_EQ(merge.info.time_us, work.info.time_us);
  EXPECT_EQ(merge.info.covers, work.info.covers);
  EXPECT_FALSE(merge.schema);
}

TEST(Task, WhatIsNoTaskIsRefused) {
  EXPECT_FALSE(task_from_json(Json()));
  EXPECT_FALSE(task_from_json(*Json::parse(R"({"kind":"copy"})")));
  EXPECT_FALSE(task_from_json(*Json::parse(R"({"kind":"inspect"})")));
}

}  // namespace
}  // namespace canvasback
