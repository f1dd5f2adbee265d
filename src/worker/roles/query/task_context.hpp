// TaskContext: what each kind of task works with: the task itself, what this worker has (datasets, engine, cache), and
// where the answer and what is known of it go. One is made for each task (executor.cpp) and lives until the task has
// ended; a kind of task is a function of its own file that takes it, on the thread of the task loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "storage/table_file.hpp"
#include "task/task.hpp"
#include "worker/child/channel.hpp"
#include "worker/roles/query/dataset_catalog.hpp"
#include "worker/roles/query/dataset_engine.hpp"
#include "worker/roles/query/range_reader.hpp"
#include "worker/roles/query/task_files.hpp"
#include "worker/roles/query/task_metrics.hpp"
#include "worker/roles/query/task_progress.hpp"

namespace canvasback {

struct ExecutorOptions {
  int threads = 1;  // decoding and formatting, each
  std::string spill_folder;
  std::string cache_folder;
  std::uint64_t sort_bytes_max = 512 * limits::kMiB;  // of memory, for an order that the engine has no part in
  bool gate = true;  // false only in the test build that shows the sandbox holds without it
  std::function<std::uint64_t()> resident_bytes;
};

// What the last frame of a task says beside its metrics.
struct TaskEnd {
  Json done;                        // of one that succeeded: what its kind has to say
  std::vector<std::string> tables;  // of a statement that failed: datasets that it reads,
  std::string closed;               // and the one that it may not read, and wanted
};

struct TaskContext {
  const Task& task;
  const CancelToken& cancel;
  const int threads;  // to work with
  const ExecutorOptions& options;

  DatasetCatalog& datasets;
  TaskFiles& files;
  DatasetEngine& engine;
  RangeReader& ranges;
  TableMap& tables;  // of the cache, mapped

  Channel& channel;  // of frames that are no part of the answer
  FrameSink& sink;   // of the answer's bytes
  TaskProgress& progress;
  TaskMetrics& metrics;
  TaskEnd& end;
};

}  // namespace canvasback
