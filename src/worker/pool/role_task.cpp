#include "worker/pool/role_task.hpp"

namespace canvasback {

asio::awaitable<bool> RoleTask::feed(std::string_view bytes) {
  if (!worker_) co_return false;
  co_return co_await worker_->feed(run_->state(), bytes);
}

void RoleTask::end_input() {
  if (worker_) worker_->end_input(run_->state());
}

asio::awaitable<Result<Json>> RoleTask::finish() {
  while (true) {
    TaskEvent event = co_await run_->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Result<Json>(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Done) co_return std::move(event.info);
  }
}

void answer_need_file(TaskState& state, const std::shared_ptr<WorkerProcess>& worker, OpenFile open_file) {
  state.on_need_file = [worker = std::weak_ptr(worker), open_file = std::move(open_file)](const Json& request) {
    const auto alive = worker.lock();
    if (!alive) return;
    auto file = open_file(request);
    if (!file) return alive->kill(file.error());
    std::vector<UniqueFd> files;
    files.push_back(std::move(*file));
    alive->give_files(std::move(files));
  };
}

}  // namespace canvasback
