#include "worker/pool/role_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <filesystem>

#include "base/limits.hpp"
#include "base/log.hpp"

namespace canvasback {
namespace {

constexpr int kStartFailuresMax = 3;
constexpr std::size_t kStarvedSamples = 5;  // of limits::kMemorySamplePeriod

constexpr std::size_t samples(std::chrono::milliseconds time) {
  return static_cast<std::size_t>(time / limits::kMemorySamplePeriod);
}

}  // namespace

asio::awaitable<Result<Json>> RoleTask::finish() {
  while (true) {
    TaskEvent event = co_await run_->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Result<Json>(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Done) co_return std::move(event.info);
  }
}

RolePool::RolePool(asio::any_io_executor executor, RolePoolOptions options)
    : executor_(std::move(executor)), options_(std::move(options)) {
  asio::co_spawn(executor_, watch(), asio::detached);
}

RolePool::~RolePool() { *alive_ = false; }

void RolePool::set_readable_paths(std::vector<std::string> paths) {
  if (paths == readable_paths_) return;
  readable_paths_ = std::move(paths);
  ++generation_;
  for (const auto& worker : std::vector(workers_)) worker->retire();
}

bool RolePool::start_process() {
  const int number = next_number_++;
  WorkerSpec spec;
  spec.executable = options_.executable;
  spec.role = options_.role;
  spec.readable_paths = readable_paths_;
  spec.threads = options_.threads;
  spec.memory_bytes = options_.memory_bytes;
  spec.spill_bytes_max = options_.spill_bytes_max;
  spec.landlock_required = options_.landlock_required;
  spec.nice = options_.nice;
  if (options_.spill_bytes_max > 0) {
    spec.spill_folder = fmt::format("{}/spill/{}-{}", options_.data_folder,
                                    options_.name.empty() ? options_.role : options_.name, number);
    std::error_code error;
    std::filesystem::create_directories(spec.spill_folder, error);
  }
  WorkerProcess::Callbacks callbacks;
  callbacks.changed = [this, alive = alive_](WorkerProcess& worker) {
    if (*alive) worker_changed(worker);
  };
  callbacks.block_offered = [](WorkerProcess&, const std::string&, const std::string&) {};
  callbacks.block_used = [](const std::string&) {};
  auto worker = WorkerProcess::spawn(executor_, number, generation_, std::move(spec), std::move(callbacks));
  if (!worker) {
    ++start_failures_;
    start_failure_ = worker.error().detail;
    return false;
  }
  workers_.push_back(std::move(*worker));
  return true;
}

void RolePool::warm(int processes) {
  while (!stopping_ && static_cast<int>(workers_.size()) < std::min(processes, options_.processes) && start_process()) {
  }
}

void RolePool::worker_changed(WorkerProcess& worker) {
  // A reserved one is idle until its task has begun.
  const bool reserved = std::ranges::find(reserved_, &worker) != reserved_.end();
  if (worker.state() == WorkerProcess::State::Dead || (worker.state() == WorkerProcess::State::Idle && !reserved)) {
    std::erase(at_long_tasks_, &worker);
    std::erase(parked_, &worker);
  }
  if (worker.state() == WorkerProcess::State::Dead) {
    if (!worker.start_error().message.empty()) {
      ++start_failures_;
      start_failure_ = worker.start_error().detail;
      log::error("a worker of the role {} could not start: {}", options_.role, start_failure_);
    }
    std::erase_if(workers_, [&](const auto& known) { return known.get() == &worker; });
  } else if (worker.state() == WorkerProcess::State::Idle && !worker.retiring()) {
    start_failures_ = 0;
    const bool grown = worker.resident_bytes() > worker.baseline_bytes() + limits::kIdleGrowthBytesMax;
    const auto at_hand = std::ranges::count_if(
        workers_, [&](const auto& known) { return !known->retiring() && !is_parked(known.get()); });
    const bool surplus = at_hand > options_.processes;
    if (worker.generation() != generation_ || grown || surplus) worker.retire();
  }
  dispatch();
}

// The first that waits and may have a process now.
std::deque<std::shared_ptr<RolePool::Ticket>>::iterator RolePool::next_ticket() {
  const int long_max = options_.long_tasks_max > 0 ? options_.long_tasks_max : options_.processes;
  const bool long_too = static_cast<int>(at_long_tasks_.size()) < long_max;
  return std::ranges::find_if(waiting_, [&](const auto& ticket) { return long_too || !ticket->is_long; });
}

void RolePool::dispatch() {
  while (true) {
    const auto next = next_ticket();
    if (next == waiting_.end()) return;
    std::shared_ptr<WorkerProcess> idle;
    int usable = 0;
    for (const auto& worker : workers_) {
      if (worker->retiring() || is_parked(worker.get())) continue;
      ++usable;
      const bool reserved = std::ranges::find(reserved_, worker.get()) != reserved_.end();
      if (worker->state() == WorkerProcess::State::Idle && !reserved) idle = worker;
    }
    if (!idle) {
      if (usable < options_.processes && start_failures_ < kStartFailuresMax && start_process()) continue;
      if (usable > 0) return;
      for (const auto& ticket : waiting_) {
        ticket->refused = true;
        ticket->ready.notify();
      }
      waiting_.clear();
      start_failures_ = 0;  // the next request tries again
      return;
    }
    auto ticket = *next;
    waiting_.erase(next);
    reserved_.push_back(idle.get());
    if (ticket->is_long) at_long_tasks_.push_back(idle.get());
    ticket->worker = std::move(idle);
    ticket->ready.notify();
  }
}

asio::awaitable<Result<std::unique_ptr<RoleTask>>> RolePool::submit(Task task, OpenFile open_file, CancelToken gone,
                                                                    bool is_long) {
  using Out = Result<std::unique_ptr<RoleTask>>;
  if (stopping_) co_return Out(fail(Error{ErrorCode::Unavailable, "The server is shutting down.", {}, {}, 5}));
  if (waiting_.size() >= options_.waiting_max) {
    co_return Out(fail(Error{ErrorCode::TooManyRequests, "Too many requests wait to be written.", {}, {}, 1}));
  }
  auto ticket = std::make_shared<Ticket>(Ticket{Event(executor_), nullptr, false, is_long});
  waiting_.push_back(ticket);
  dispatch();
  while (!ticket->worker && !ticket->refused) co_await ticket->ready.wait();
  if (ticket->refused) {
    co_return Out(fail(Error{ErrorCode::Unavailable, "No worker can be started.", start_failure_, {}, 5}));
  }
  auto worker = ticket->worker;
  std::erase(reserved_, worker.get());
  if (gone.cancelled() || worker->state() != WorkerProcess::State::Idle) {
    std::erase(at_long_tasks_, worker.get());
    dispatch();
    if (gone.cancelled()) co_return Out(fail(gone.error()));
    co_return Out(fail(Error{ErrorCode::Unavailable, "The worker ended before its task began.", {}, {}, 1}));
  }
  auto state = std::make_shared<TaskState>(executor_);
  task.id = next_task_id_++;
  task.threads = options_.threads;
  state->id = task.id;
  state->on_need_file = [worker = std::weak_ptr(worker), open_file = std::move(open_file)](const Json& request) {
    const auto alive = worker.lock();
    if (!alive) return;
    auto file = open_file(request);
    if (!file) return alive->kill(file.error());
    std::vector<UniqueFd> files;
    files.push_back(std::move(*file));
    alive->give_files(std::move(files));
  };
  worker->start(task, {}, HeldFiles(), state);
  co_return std::make_unique<RoleTask>(worker, std::make_unique<TaskRun>(state));
}

std::size_t RolePool::running() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(workers_, [](const auto& worker) { return worker->task() != nullptr; }));
}

bool RolePool::is_parked(const WorkerProcess* worker) const {
  return std::ranges::find(parked_, worker) != parked_.end();
}

// While others wait, no process waits for a client.
void RolePool::park_starved() {
  for (WorkerProcess* worker : std::vector(at_long_tasks_)) {
    if (waiting_.empty() || parked_.size() >= limits::kIngestParkedMax) return;
    if (!worker->task() || worker->pulse().starved < kStarvedSamples) continue;
    std::erase(at_long_tasks_, worker);
    parked_.push_back(worker);
    dispatch();
  }
}

void RolePool::watch_worker(const std::shared_ptr<WorkerProcess>& worker) {
  if (!worker->task()) return;
  const WorkerProcess::Pulse& pulse = worker->take_pulse();
  if (pulse.silent > samples(limits::kSilenceMax)) {
    return worker->kill(Error{ErrorCode::Unavailable, "The worker stopped responding. Nothing was kept.", {}, {}, 1});
  }
  const bool is_ingest = options_.role == "ingest";
  if (is_ingest && pulse.stalled > samples(limits::kIngestStallMax)) {
    return worker->kill(Error{ErrorCode::Unavailable, "The worker made no progress. Nothing was kept.", {}, {}, 1});
  }
  if (!is_ingest && std::max(pulse.starved, pulse.stalled) > samples(limits::kRoleTaskMax)) {
    return worker->kill(Error{ErrorCode::Unavailable, "The task took too long.", {}, {}, 1});
  }
  if (options_.memory_bytes == 0) return;
  const std::uint64_t line = options_.memory_bytes / 10 * 9;
  if (worker->resident_bytes() <= line || worker->proportional_bytes() <= line) return;
  worker->kill(Error{ErrorCode::MemoryLimit, "The task exceeded the memory that a worker may use.", {}, {}, 0});
}

// Every sample period: memory bounds, workers that stand still, clients that keep others waiting.
asio::awaitable<void> RolePool::watch() {
  auto alive = alive_;
  asio::steady_timer timer(executor_);
  while (true) {
    timer.expires_after(limits::kMemorySamplePeriod);
    co_await timer.async_wait(kAwait);
    if (!*alive) co_return;
    for (const auto& worker : std::vector(workers_)) watch_worker(worker);
    park_starved();
  }
}

void RolePool::shut_down() {
  stopping_ = true;
  for (const auto& ticket : waiting_) {
    ticket->refused = true;
    ticket->ready.notify();
  }
  waiting_.clear();
  for (const auto& worker : std::vector(workers_)) {
    if (worker->task()) {
      worker->kill(Error{ErrorCode::Unavailable, "The server is shutting down.", {}, {}, 5});
    } else {
      worker->retire();
    }
  }
}

}  // namespace canvasback
