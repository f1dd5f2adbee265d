// Executor: runs one task after the other in a worker process: each kind of task by the function of its own file
// (rows_task, sql_task, …), which all work with one TaskContext. The executor owns what outlives a task (engine,
// datasets, mapped cache) and sends the frame that ends it. run() is called on one thread; progress() and interrupt()
// on others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/unique_fd.hpp"
#include "engine/engine.hpp"
#include "storage/table_file.hpp"
#include "task/task.hpp"
#include "worker/child/channel.hpp"
#include "worker/roles/query/task_context.hpp"
#include "worker/write/block_writer.hpp"

namespace canvasback {

class Executor {
 public:
  Executor(std::unique_ptr<Engine> engine, Channel& channel, ExecutorOptions options);

  // As DatasetCatalog::update() and hold(): between tasks.
  // "gone", names of datasets that are no more, then the newest "datasets".
  void update_catalog(const Json& catalog) {
    datasets_.forget(catalog.at("gone"));
    datasets_.update(catalog.at("datasets"));
  }
  void hold(const std::string& dataset, std::vector<UniqueFd> files) { datasets_.hold(dataset, std::move(files)); }
  // Ends with the task's last frame, and with what is kept of it for others. Never throws; a task that fails says so
  // in that frame.
  void run(const Task& task, CancelToken cancel);

  // While a task runs: rows and bytes so far and the share done (-1 unknown).
  Json progress() const {
    return progress_.json([this] { return engine_->progress(); });
  }
  void interrupt() { engine_->interrupt(); }

 private:
  // The worker's last word on a task that failed.
  Json failure_of(TaskContext& context, const Error& error);

  std::unique_ptr<Engine> engine_;
  Channel& channel_;
  ExecutorOptions options_;
  DatasetCatalog datasets_;
  TaskFiles files_{datasets_};
  DatasetEngine dataset_engine_{*engine_, datasets_};
  TableMap tables_;
  BlockWriter block_writer_;
  RangeReader ranges_{datasets_, files_, block_writer_, options_.cache_folder};
  TaskProgress progress_;
};

}  // namespace canvasback
