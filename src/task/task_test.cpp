#include "task/task.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

Result<Task> over_the_wire(const Task& task) { return task_from_json(*Json::parse(to_json(task).dump())); }

TEST(Task, ARowsTaskComesBackWhole) {
  Task task;
  task.id = 18'446'744'073'709'551'615U;
  task.dataset = "orders";
  task.selection.columns = {"a", "ä \"b\""};
  task.selection.filter = *Json::parse(R"({"a":{"op":"gt","value":9007199254740993}})");
  task.selection.sort = {{"a", true}, {"b", false}};
  task.selection.sample = Sample{0.25, 0, 42};
  task.selection.offset = 5;
  task.selection.limit = 0;
  task.selection.after = "cursor";
  task.format = "csv";
  task.compression = "zstd";
  task.content_encoding = "gzip";
  task.numbers_exact = false;
  task.timeout_ms = 1000;
  task.received_ns = 9'007'199'254'740'993;
  task.queue_ms = 1.5;
  task.known_total = 0;
  task.worker_number = 3;
  const auto back = over_the_wire(task);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back).dump(), to_json(task).dump());
  EXPECT_EQ(back->id, task.id);
  EXPECT_EQ(back->kind, TaskKind::Rows);
  EXPECT_EQ(back->selection.limit, 0) << "no rows is not no limit";
  EXPECT_EQ(back->selection.sample->share, 0.25);
  EXPECT_EQ(back->known_total, 0);
  EXPECT_EQ(back->received_ns, task.received_ns);
}

TEST(Task, ASqlTaskKeepsItsParametersKind) {
  Task task;
  task.kind = TaskKind::Sql;
  task.sql = "SELECT $1";
  task.parameters = *Json::parse(R"([1, 1.0, "1", null, true])");
  task.row_limit = 10;
  const auto back = over_the_wire(task);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, TaskKind::Sql);
  EXPECT_EQ(back->parameters.dump(), R"([1,1.0,"1",null,true])");
  EXPECT_EQ(back->row_limit, 10);
}

TEST(Task, AnInspectTaskCarriesItsFiles) {
  Task task;
  task.kind = TaskKind::Inspect;
  task.inspected.name = "d";
  task.inspected.files = {{"/d/a", 1, 2, 3, -1, {}}};
  const auto back = over_the_wire(task);
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->inspected.files[0].same_content(task.inspected.files[0]));
}

TEST(Task, WhatIsNoTaskIsRefused) {
  EXPECT_FALSE(task_from_json(Json()));
  EXPECT_FALSE(task_from_json(*Json::parse(R"({"kind":"copy"})")));
  EXPECT_FALSE(task_from_json(*Json::parse(R"({"kind":"inspect"})")));
}

}  // namespace
}  // namespace canvasback
