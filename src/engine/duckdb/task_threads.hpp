// TaskThreads: the engine's threads besides the caller's, which work on a statement only where they are wanted. The
// engine's own background threads cannot be told to stay away (its settings are locked), and small statements side by
// side are faster on one thread each: so the engine gets none, and these run its tasks through its C API.
#pragma once

#include <duckdb.h>

#include <thread>
#include <vector>

namespace canvasback::duck {

class TaskThreads {
 public:
  TaskThreads() = default;
  ~TaskThreads() { use(nullptr, 1); }
  TaskThreads(const TaskThreads&) = delete;
  TaskThreads& operator=(const TaskThreads&) = delete;

  // From now on statements run on `threads` threads, the caller's among them. One caller; no statement may run.
  void use(duckdb_database database, int threads);

 private:
  duckdb_task_state state_ = nullptr;
  std::vector<std::thread> threads_;
};

}  // namespace canvasback::duck
