// For the tests of the executor: one with a real engine at the worker's end of a socket, small files of every kind
// under it, and its answers as the front would see them.
#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <thread>

#include "base/limits.hpp"
#include "base/test_support.hpp"
#include "encode/registry.hpp"
#include "engine/duckdb/duckdb_engine.hpp"
#include "storage/file_identity.hpp"
#include "worker/child/test_support.hpp"
#include "worker/roles/query/executor.hpp"

namespace canvasback {

// Rows [first, first + rows): id, k (0 to 6, every tenth NULL), name, amount (two decimals), f (some NaN, some NULL),
// t (a day apart, from 1969 on).
inline BatchPtr example_rows(std::int64_t first, std::int64_t rows) {
  arrow::Int64Builder id;
  arrow::Int32Builder k;
  arrow::StringBuilder name;
  arrow::Decimal128Builder amount(arrow::decimal128(12, 2));
  arrow::DoubleBuilder f;
  const auto timestamp = arrow::timestamp(arrow::TimeUnit::MICRO);
  arrow::TimestampBuilder t(timestamp, arrow::default_memory_pool());
  for (std::int64_t i = first; i < first + rows; ++i) {
    bool ok = id.Append(i).ok() && name.Append("n" + std::to_string(i)).ok();
    ok = ok && (i % 10 == 9 ? k.AppendNull() : k.Append(static_cast<std::int32_t>(i % 7))).ok();
    ok = ok && amount.Append(arrow::Decimal128(i * 25 - 1000)).ok();
    ok = ok && (i % 11 == 10  ? f.AppendNull()
                : i % 13 == 5 ? f.Append(std::numeric_limits<double>::quiet_NaN())
                              : f.Append(static_cast<double>((i * 37) % 50) / 8))
                   .ok();
    ok = ok && t.Append((i - 50) * 86'400'000'000).ok();
    EXPECT_TRUE(ok);
  }
  auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("k", arrow::int32()),
                               arrow::field("name", arrow::utf8()), arrow::field("amount", arrow::decimal128(12, 2)),
                               arrow::field("f", arrow::float64()), arrow::field("t", timestamp)});
  arrow::ArrayVector arrays{id.Finish().ValueOrDie(),     k.Finish().ValueOrDie(), name.Finish().ValueOrDie(),
                            amount.Finish().ValueOrDie(), f.Finish().ValueOrDie(), t.Finish().ValueOrDie()};
  return arrow::RecordBatch::Make(schema, rows, arrays);
}

inline DataFile listed(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  DataFile file;
  file.path = path;
  take_identity(file, info);
  return file;
}

class ExecutorTest : public testing::Test {
 protected:
  // What a task gave: the head's and end's JSON, and the answer's bytes between.
  struct Outcome {
    bool failed = false;
    Json end;
    std::string bytes;
    Json document() const { return Json::parse(bytes).value_or(Json()); }
    std::string code() const { return failed ? std::string(end.at("code").as_string()) : ""; }
  };

  ExecutorTest() {
    for (const char* name : {"in", "spill", "cache"}) std::filesystem::create_directory(folder_ / name);
    EngineOptions engine;
    engine.threads = 2;
    engine.memory_bytes = 512 * limits::kMiB;
    engine.temp_folder = folder_ / "spill";
    engine.temp_bytes_max = 64 * limits::kMiB;
    engine.readable_paths = {folder_ / "in"};
    auto opened = open_duckdb(engine);
    EXPECT_TRUE(opened);
    ExecutorOptions options;
    options.threads = 2;
    options.spill_folder = folder_ / "spill";
    options.cache_folder = folder_ / "cache";
    options.resident_bytes = [] { return std::uint64_t{1}; };
    executor_ = std::make_unique<Executor>(std::move(*opened), channel_, std::move(options));
  }

  std::string write(std::string_view name, std::string_view format, const BatchPtr& batch) {
    StringSink sink;
    auto encoder = make_encoder(format, sink, {});
    EXPECT_TRUE(encoder && (*encoder)->begin(batch->schema()) && (*encoder)->write(batch) && (*encoder)->finish());
    return folder_.write("in/" + std::string(name), sink.bytes());
  }

  // Inspects files and gives the executor the entry, as the front does.
  Dataset add(const std::string& name, DatasetKind kind, const std::vector<std::string>& paths) {
    Task task;
    InspectWork& work = task.work.emplace<InspectWork>();
    work.listed.name = name;
    work.listed.kind = kind;
    work.listed.version = "v1";
    for (const std::string& path : paths) work.listed.files.push_back(listed(path));
    const Outcome outcome = run(task);
    EXPECT_FALSE(outcome.failed) << outcome.end.dump();
    Dataset dataset = dataset_from_json(outcome.end.at("dataset")).value_or(Dataset());
    update(dataset);
    return dataset;
  }
  void update(const Dataset& dataset) {
    Json catalog;
    catalog.set("datasets", Json(Json::Array{to_json(dataset)}));
    executor_->update_catalog(catalog);
  }

  // The usual one: 100 rows in two Parquet files.
  void add_example() {
    add("d", DatasetKind::Parquet,
        {write("a.parquet", "parquet", example_rows(0, 60)), write("b.parquet", "parquet", example_rows(60, 40))});
  }

  Outcome run(const Task& task, CancelToken cancel = {}) {
    std::thread running([&] { executor_->run(task, cancel); });
    Outcome outcome;
    for (const Channel::Frame& frame : sockets_.frames_until_end()) {
      if (frame.kind == FrameKind::Data || frame.kind == FrameKind::LastData) outcome.bytes += frame.payload;
      if (frame.kind == FrameKind::CacheOffer) keep_block(frame.payload);
      if (frame.kind != FrameKind::Done && frame.kind != FrameKind::Failed) continue;
      outcome.failed = frame.kind == FrameKind::Failed;
      outcome.end = Json::parse(frame.payload).value_or(Json());
    }
    running.join();
    return outcome;
  }

  Task rows_task(const Selection& selection, std::string format = "json") {
    Task task;
    RowsWork& work = task.work.emplace<RowsWork>();
    work.dataset = "d";
    work.selection = selection;
    task.output.format = std::move(format);
    return task;
  }
  Outcome rows(const Selection& selection) { return run(rows_task(selection)); }
  Outcome sql(std::string text, Json parameters = {}, std::optional<std::int64_t> limit = {}) {
    Task task;
    SqlWork& work = task.work.emplace<SqlWork>();
    work.statement.sql = std::move(text);
    work.statement.parameters = std::move(parameters);
    work.row_limit = limit;
    return run(task);
  }

  // Moves an offered block to where the front would.
  void keep_block(const std::string& offer) {
    const Json json = Json::parse(offer).value_or(Json());
    std::filesystem::rename(std::string(json.at("path").as_string()),
                            folder_ / fmt::format("cache/{}.arrow", json.at("key").as_string()));
    ++blocks_kept_;
  }
  // Waits for the block of the answer before, offered while it ended or behind it.
  void wait_for_block() {
    Channel& front = sockets_.front();
    while (blocks_kept_ == 0) {
      auto frame = front.read();
      ASSERT_TRUE(frame && frame->kind == FrameKind::CacheOffer);
      keep_block(frame->payload);
    }
  }

  int blocks_kept_ = 0;
  TemporaryFolder folder_;
  SocketPair sockets_;
  Channel& channel_ = sockets_.worker();
  std::unique_ptr<Executor> executor_;
};

// The rows of a JSON answer, each as its JSON text.
inline std::vector<std::string> row_texts(const Json& document) {
  std::vector<std::string> texts;
  for (const Json& row : document.at("rows").as_array()) texts.push_back(row.dump());
  return texts;
}

inline Selection selection_of(std::string_view filter, std::string_view sort = "",
                              std::optional<std::int64_t> limit = {}) {
  Selection selection;
  if (!filter.empty()) selection.filter = *Json::parse(filter);
  if (!sort.empty()) selection.sort = *parse_sort(sort);
  selection.limit = limit;
  return selection;
}

}  // namespace canvasback
