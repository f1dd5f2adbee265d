#include "worker/pool/pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

// How many workers may fail to start in a row before the pool gives up trying until the next grant.
constexpr int kStartFailuresMax = 3;
constexpr std::uint64_t kParkedBytes = 256 * limits::kMiB;  // what a parked stream is taken to hold

std::string made_folder(const std::string& path) {
  fs::create_directories(path);
  return path;
}

constexpr const char* kReadersHoldAll = "All memory for streams is held by slow readers.";

// ROLE-NUMBER, as the pools name the folders of their workers.
bool is_spill_folder(std::string_view name) {
  for (std::string_view role : {"worker-", "ingest-", "maintain-", "tidy-"}) {
    if (!name.starts_with(role) || name.size() == role.size()) continue;
    return std::ranges::all_of(name.substr(role.size()), [](char c) { return c >= '0' && c <= '9'; });
  }
  return false;
}

Error overloaded(std::string message) { return Error{ErrorCode::TooManyRequests, std::move(message), {}, {}, 1}; }

}  // namespace

Pool::Pool(asio::any_io_executor executor, PoolOptions options)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      blocks_(made_folder(options_.data_folder + "/cache"), options_.cache_bytes) {
  // Whatever an earlier server left: no worker of it lives, because this one holds the data folder's lock.
  // Their folders alone: the one they lie in may be a link to a larger disk, and may hold what is not ours.
  std::error_code error;
  const std::string spill = made_folder(options_.data_folder + "/spill");
  for (const auto& entry : fs::directory_iterator(spill, error)) {
    const bool is_folder = entry.symlink_status(error).type() == fs::file_type::directory;
    if (is_folder && is_spill_folder(entry.path().filename().string())) fs::remove_all(entry.path(), error);
  }
  asio::co_spawn(executor_, watch(), asio::detached);
}

Pool::~Pool() { *alive_ = false; }

std::uint64_t Pool::worker_memory_bytes() const {
  // Half of the budget is the large place's; the rest is shared by N and the standby.
  return std::max<std::uint64_t>(limits::kWorkerMemoryBytesMin,
                                 options_.memory_budget_bytes / 2 / static_cast<std::uint64_t>(options_.workers + 1));
}

void Pool::set_grants(std::vector<std::string> readable_paths, std::vector<std::string> given_paths,
                      std::string fingerprint) {
  for (auto* paths : {&readable_paths, &given_paths}) {
    std::ranges::sort(*paths);
    const auto [first, last] = std::ranges::unique(*paths);
    paths->erase(first, last);
  }
  if (generation_ > 0 && readable_paths == readable_paths_ && given_paths == given_paths_ &&
      fingerprint == fingerprint_) {
    return;
  }
  fingerprint_ = std::move(fingerprint);
  readable_paths_ = std::move(readable_paths);
  given_paths_ = std::move(given_paths);
  ++generation_;
  start_failures_ = 0;
  for (const auto& worker : std::vector(workers_)) worker->retire();
  keep_ready();
}

std::shared_ptr<WorkerProcess> Pool::spawn(std::uint64_t memory_bytes) {
  const int number = next_number_++;
  WorkerSpec spec;
  spec.executable = options_.executable;
  spec.readable_paths = readable_paths_;
  spec.given_paths = given_paths_;
  spec.cache_folder = options_.data_folder + "/cache";
  spec.threads = options_.threads;
  spec.memory_bytes = memory_bytes;
  spec.spill_bytes_max = options_.spill_bytes_max;
  spec.landlock_required = options_.landlock_required;
  try {
    spec.spill_folder = made_folder(fmt::format("{}/spill/worker-{}", options_.data_folder, number));
  } catch (const std::exception& error) {
    start_failure_ = error.what();
    ++start_failures_;
    return nullptr;
  }
  WorkerProcess::Callbacks callbacks;
  callbacks.changed = [this, alive = alive_](WorkerProcess& worker) {
    if (*alive) worker_changed(worker);
  };
  callbacks.block_offered = [this, alive = alive_](WorkerProcess& worker, const std::string& key,
                                                   const std::string& path) {
    if (*alive) blocks_.accept(key, path, worker.spec().spill_folder);
  };
  callbacks.block_used = [this, alive = alive_](const std::string& key) {
    if (*alive) blocks_.touch(key);
  };
  auto worker = WorkerProcess::spawn(executor_, number, generation_, std::move(spec), std::move(callbacks));
  if (!worker) {
    start_failure_ = worker.error().detail;
    ++start_failures_;
    return nullptr;
  }
  ++counters_.processes;
  return *worker;
}

std::size_t Pool::parked() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(workers_, [](const auto& worker) { return worker->task() && worker->task()->parked; }));
}

std::size_t Pool::parked_max() const {
  return std::clamp<std::size_t>(options_.memory_budget_bytes / 2 / kParkedBytes, 1, limits::kWorkersMax);
}

// N + 1 live processes of this generation beside the parked ones.
void Pool::keep_ready() {
  if (stopping_ || start_failures_ >= kStartFailuresMax) return;
  std::size_t usable = 0;
  for (const auto& worker : workers_) {
    const bool is_parked = worker->task() && worker->task()->parked;
    if (worker->generation() == generation_ && !worker->retiring() && !is_parked) ++usable;
  }
  while (usable < static_cast<std::size_t>(options_.workers) + 1 && start_failures_ < kStartFailuresMax) {
    if (auto worker = spawn(worker_memory_bytes())) workers_.push_back(std::move(worker));
    ++usable;
  }
}

void Pool::worker_changed(WorkerProcess& worker) {
  if (worker.state() == WorkerProcess::State::Dead) {
    if (!worker.start_error().message.empty()) {
      ++start_failures_;
      start_failure_ = fmt::format("{} {}", worker.start_error().message, worker.start_error().detail);
      log::error("worker {} could not start: {}", worker.number(), start_failure_);
    }
    if (large_.get() == &worker) {
      large_.reset();
      if (large_ticket_ && !large_ticket_->started) {
        large_ticket_->refusal =
            Error{ErrorCode::MemoryLimit, "The statement needs more memory than a worker has.", {}, {}, 0};
        large_ticket_->ready.notify();
      }
      large_ticket_.reset();
    }
    std::erase_if(workers_, [&](const auto& known) { return known.get() == &worker; });
  } else if (worker.state() == WorkerProcess::State::Idle) {
    if (large_.get() == &worker) {
      if (large_ticket_ && !large_ticket_->started) {
        start(*large_ticket_, large_);
      } else {
        worker.retire();
      }
    } else if (!worker.retiring()) {
      start_failures_ = 0;
      if (worker.generation() != generation_ ||
          worker.resident_bytes() > worker.baseline_bytes() + limits::kIdleGrowthBytesMax) {
        worker.retire();
      }
    }
  }
  // A task that ended gives its place back.
  std::erase_if(running_, [&](const auto& entry) {
    return std::ranges::none_of(workers_,
                                [&](const auto& known) { return known->task() && known->task()->id == entry.first; });
  });
  keep_ready();
  dispatch();
}

// Tasks side by side have the cores between them: threads of one task would only wait for those of another.
int Pool::threads_for_next() const {
  const std::size_t busy = running_.size() + waiting();
  return std::max(1, options_.threads / static_cast<int>(std::max<std::size_t>(busy, 1)));
}

bool Pool::has_room(Lane lane) const {
  const auto general = static_cast<int>(
      std::ranges::count_if(running_, [](const auto& entry) { return entry.second != Lane::Bounded; }));
  const auto all = static_cast<int>(running_.size());
  if (all >= options_.workers) return false;
  const bool bounded = lane == Lane::Bounded || lane == Lane::Inspect;
  return bounded || options_.workers == 1 || general < options_.workers - 1;
}

std::shared_ptr<WorkerProcess> Pool::idle_process() const {
  for (const auto& worker : workers_) {
    if (worker->state() == WorkerProcess::State::Idle && !worker->retiring() && worker->generation() == generation_)
      return worker;
  }
  return nullptr;
}

void Pool::drop_gone(Queue& queue) {
  std::erase_if(queue, [&](const std::shared_ptr<Ticket>& ticket) {
    const double waited_s = static_cast<double>(monotonic_ns() - ticket->queued_ns) / 1e9;
    if (ticket->gone.cancelled()) {
      ticket->refusal = ticket->gone.error();
    } else if (waited_s > static_cast<double>(limits::kQueueWaitMax.count())) {
      ++counters_.refused;
      ticket->refusal = overloaded("The server is busy: the request waited too long for a worker.");
    } else if (&queue == &streams_ && parked() >= parked_max()) {
      ++counters_.refused;
      ticket->refusal = overloaded(kReadersHoldAll);
    } else if (start_failures_ >= kStartFailuresMax) {
      ticket->refusal = Error{ErrorCode::Unavailable, "No worker can be started.", start_failure_, {}, 5};
    } else {
      return false;
    }
    ticket->ready.notify();
    return true;
  });
}

bool Pool::serve_front_of(Queue& queue) {
  if (queue.empty() || !has_room(queue.front()->lane)) return false;
  auto worker = idle_process();
  if (!worker) return false;
  auto ticket = queue.front();
  queue.pop_front();
  start(*ticket, worker);
  return true;
}

// Each stream that runs must be able to be parked, or a few of them would hold the places of all others.
bool Pool::stream_may_start() const {
  const std::size_t held = parked();
  const auto running = static_cast<std::size_t>(
      std::ranges::count_if(running_, [](const auto& entry) { return entry.second == Lane::Stream; }));
  return held + running < parked_max() || running == 0;
}

bool Pool::serve_general_or_stream() {
  const auto streams = [&] { return stream_may_start() && serve_front_of(streams_); };
  const auto general = [&] { return serve_front_of(general_); };
  const bool preferred = streams_turn_ ? streams() : general();
  if (preferred) streams_turn_ = !streams_turn_;
  return preferred || (streams_turn_ ? general() : streams());
}

void Pool::dispatch() {
  if (dispatching_) return;  // starting a task may call back
  dispatching_ = true;
  for (Queue* queue : {&bounded_, &inspect_, &general_, &streams_, &large_queue_}) drop_gone(*queue);
  while (serve_front_of(bounded_)) {
  }
  while (serve_front_of(inspect_)) {
  }
  while (serve_general_or_stream()) {
  }
  if (!large_ && !large_queue_.empty() && !stopping_) {
    auto ticket = large_queue_.front();
    large_queue_.pop_front();
    start_large(ticket);
  }
  dispatching_ = false;
}

void Pool::start_large(const std::shared_ptr<Ticket>& ticket) {
  large_ = spawn(std::max(worker_memory_bytes(), options_.memory_budget_bytes / 2));
  if (!large_) {
    ticket->refusal = Error{ErrorCode::Unavailable, "No worker can be started.", start_failure_, {}, 5};
    ticket->ready.notify();
    return;
  }
  workers_.push_back(large_);
  large_ticket_ = ticket;
}

void Pool::start(Ticket& ticket, const std::shared_ptr<WorkerProcess>& worker) {
  ticket.started = true;
  ticket.task.id = next_task_id_++;
  ticket.task.queue_ms = static_cast<double>(monotonic_ns() - ticket.queued_ns) / 1e6;
  ticket.state = std::make_shared<TaskState>(executor_);
  ticket.state->id = ticket.task.id;
  std::vector<const Dataset*> datasets;
  for (const auto& dataset : ticket.datasets) datasets.push_back(dataset.get());
  ticket.state->datasets = ticket.datasets;
  if (!ticket.large) running_[ticket.task.id] = ticket.lane;
  ++counters_.started;
  ticket.task.threads = threads_for_next();
  worker->start(ticket.task, datasets, held_, ticket.state);
  if (ticket.task.timeout_ms > 0) {
    asio::co_spawn(executor_, enforce_timeout(ticket.state, std::chrono::milliseconds(ticket.task.timeout_ms)),
                   asio::detached);
  }
  ticket.ready.notify();
}

asio::awaitable<void> Pool::enforce_timeout(std::shared_ptr<TaskState> state, std::chrono::milliseconds timeout) {
  asio::steady_timer timer(executor_, timeout);
  // Checked now and then, so that ended tasks do not hold their timers for long.
  while (!state->ended()) {
    asio::steady_timer tick(executor_, std::min<std::chrono::steady_clock::time_point>(
                                           timer.expiry(), std::chrono::steady_clock::now() + std::chrono::seconds(1)));
    co_await tick.async_wait(kAwait);
    if (std::chrono::steady_clock::now() < timer.expiry()) continue;
    if (!state->ended() && state->worker) state->worker->cancel(CancelReason::Timeout);
    co_return;
  }
}

Pool::Queue& Pool::queue_of(Lane lane, bool large) {
  if (large) return large_queue_;
  switch (lane) {
    case Lane::Bounded: return bounded_;
    case Lane::General: return general_;
    case Lane::Stream: return streams_;
    case Lane::Inspect: break;
  }
  return inspect_;
}

asio::awaitable<Result<std::unique_ptr<TaskRun>>> Pool::submit(Task task,
                                                               std::vector<std::shared_ptr<const Dataset>> datasets,
                                                               Lane lane, bool large, CancelToken gone) {
  using Answer = Result<std::unique_ptr<TaskRun>>;
  if (stopping_) co_return Answer(fail(Error{ErrorCode::Unavailable, "The server is shutting down.", {}, {}, 5}));
  if (waiting() >= limits::kQueueMax) {
    ++counters_.refused;
    co_return Answer(fail(overloaded("The server is busy: too many requests are already waiting.")));
  }
  if (lane == Lane::Stream && (parked() >= parked_max() || streams_.size() >= limits::kStreamsWaitingMax)) {
    ++counters_.refused;
    co_return Answer(fail(overloaded(kReadersHoldAll)));
  }
  auto ticket = std::make_shared<Ticket>(Ticket{std::move(task), std::move(datasets), lane, large, std::move(gone),
                                                monotonic_ns(), nullptr, std::nullopt, false, Event(executor_)});
  queue_of(lane, large).push_back(ticket);
  keep_ready();
  dispatch();
  while (!ticket->started && !ticket->refusal) co_await ticket->ready.wait();
  if (ticket->refusal) co_return Answer(fail(*ticket->refusal));
  co_return std::make_unique<TaskRun>(ticket->state);
}

std::size_t Pool::running() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(workers_, [](const auto& worker) { return worker->task() != nullptr; }));
}

// Every sample period: waiting tickets, memory bounds, parked streams.
asio::awaitable<void> Pool::watch() {
  auto alive = alive_;
  asio::steady_timer timer(executor_);
  while (true) {
    timer.expires_after(limits::kMemorySamplePeriod);
    co_await timer.async_wait(kAwait);
    if (!*alive) co_return;
    for (const auto& worker : std::vector(workers_)) watch_worker(worker);
    if (parked() > parked_max() && waiting() > 0) cut_longest_unread();
    dispatch();
  }
}

void Pool::watch_worker(const std::shared_ptr<WorkerProcess>& worker) {
  const auto task = worker->task();
  if (!task) return;
  // RSS counts shared pages whole, so PSS, which is dearer to read, is asked for only near the bound. Killed a little
  // below it, because a task goes on growing between two samples.
  const std::uint64_t bound = worker->spec().memory_bytes;
  const std::uint64_t line = bound / 10 * 9;
  if (worker->resident_bytes() > line && worker->proportional_bytes() > line) {
    ++counters_.killed_for_memory;
    worker->kill(Error{ErrorCode::MemoryLimit,
                       fmt::format("The task exceeded the {} MB that a worker may use.", bound / 1'000'000),
                       {},
                       {},
                       0});
    return;
  }
  if (task->parked || task->piece.empty()) return;
  const std::int64_t waiting_ns = monotonic_ns() - task->waiting_since_ns;
  const std::chrono::nanoseconds patience = waiting() > 0 ? limits::kParkAfterContended : limits::kParkAfter;
  if (waiting_ns < patience.count()) return;
  task->parked = true;
  running_.erase(task->id);
  if (parked() <= parked_max()) keep_ready();
}

// More are parked than there is memory to replace: the place of the one whose reader takes nothing for longest.
void Pool::cut_longest_unread() {
  std::shared_ptr<TaskState> longest;
  for (const auto& worker : workers_) {
    const auto& task = worker->task();
    if (!task || !task->parked || !task->on_cut || task->piece.empty()) continue;
    if (!longest || task->waiting_since_ns < longest->waiting_since_ns) longest = task;
  }
  if (!longest || monotonic_ns() - longest->waiting_since_ns < std::chrono::nanoseconds(limits::kParkAfter).count()) {
    return;
  }
  ++counters_.refused;
  std::exchange(longest->on_cut, nullptr)();
}

std::vector<Pool::WorkerInfo> Pool::workers() const {
  std::vector<WorkerInfo> out;
  for (const auto& worker : workers_) {
    std::string state = "idle";
    if (worker->state() == WorkerProcess::State::Starting) state = "starting";
    if (worker->task()) state = worker->task()->parked ? "parked" : "busy";
    out.push_back(
        {worker->number(), worker->pid(), state, worker->task() ? worker->task()->id : 0, worker->resident_bytes()});
  }
  return out;
}

asio::awaitable<void> Pool::shut_down(std::chrono::milliseconds deadline) {
  stopping_ = true;
  for (Queue* queue : {&bounded_, &general_, &streams_, &inspect_, &large_queue_}) {
    for (const auto& ticket : *queue) {
      ticket->refusal = Error{ErrorCode::Unavailable, "The server is shutting down.", {}, {}, 5};
      ticket->ready.notify();
    }
    queue->clear();
  }
  const auto end = std::chrono::steady_clock::now() + deadline;
  asio::steady_timer timer(executor_);
  while (running() > 0 && std::chrono::steady_clock::now() < end) {
    timer.expires_after(std::chrono::milliseconds(20));
    co_await timer.async_wait(kAwait);
  }
  for (const auto& worker : std::vector(workers_)) {
    if (worker->task()) {
      worker->kill(Error{ErrorCode::Unavailable, "The server is shutting down.", {}, {}, 5});
    } else {
      worker->retire();
    }
  }
  // Idle workers leave by themselves; whoever has not after a second is killed.
  const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (!workers_.empty()) {
    if (std::chrono::steady_clock::now() > last) {
      for (const auto& worker : std::vector(workers_))
        worker->kill(Error{ErrorCode::Unavailable, "The server is shutting down.", {}, {}, 5});
    }
    timer.expires_after(std::chrono::milliseconds(10));
    co_await timer.async_wait(kAwait);
  }
}

}  // namespace canvasback
