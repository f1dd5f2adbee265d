#include "engine/duckdb/task_threads.hpp"

#include <algorithm>

namespace canvasback::duck {

void TaskThreads::use(duckdb_database database, int threads) {
  const auto wanted = static_cast<std::size_t>(std::max(threads, 1) - 1);
  if (wanted == threads_.size()) return;
  if (state_ != nullptr) {
    duckdb_finish_execution(state_);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    duckdb_destroy_task_state(state_);
    state_ = nullptr;
  }
  if (wanted == 0) return;
  state_ = duckdb_create_task_state(database);
  for (std::size_t i = 0; i < wanted; ++i) threads_.emplace_back([this] { duckdb_execute_tasks_state(state_); });
}

}  // namespace canvasback::duck
