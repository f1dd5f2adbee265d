// RoleTask: a task that is fed while a worker is at it (the roles `ingest` and `maintain`): bodies go in, files that
// the front opens are handed over, and one answer comes back. Dropping it cancels the task. On the front's one thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/unique_fd.hpp"
#include "worker/pool/worker_process.hpp"

namespace canvasback {

// What a worker's NeedFile is answered with; an error fails the task.
using OpenFile = std::function<Result<UniqueFd>(const Json& request)>;

class RoleTask {
 public:
  explicit RoleTask(std::unique_ptr<TaskRun> run) : worker_(run->state()->worker), run_(std::move(run)) {}

  // Waits while enough is under way; false where the task has ended: finish() says why.
  asio::awaitable<bool> feed(std::string_view bytes);
  void end_input();
  // Its end: what it says, or why it failed.
  asio::awaitable<Result<Json>> finish();
  void cancel(CancelReason reason) { run_->cancel(reason); }
  const Json& progress() const { return run_->progress(); }

 private:
  std::shared_ptr<WorkerProcess> worker_;  // null: the task had ended before it was given out
  std::unique_ptr<TaskRun> run_;
};

// Has the task's requests for files answered; to be set before it starts.
void answer_need_file(TaskState& state, const std::shared_ptr<WorkerProcess>& worker, OpenFile open_file);

}  // namespace canvasback
