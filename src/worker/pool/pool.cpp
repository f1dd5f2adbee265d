#include "worker/pool/pool.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReadersHoldAll = "All memory for streams is held by slow readers.";

std::string made_folder(const std::string& path) {
  fs::create_directories(path);
  return path;
}

Error overloaded(std::string message) { return Error{ErrorCode::TooManyRequests, std::move(message), {}, {}, 1}; }
Error shutting_down() { return Error{ErrorCode::Unavailable, "The server is shutting down.", {}, {}, 5}; }

}  // namespace

Pool::Pool(asio::any_io_executor executor, RoleProfile profile)
    : executor_(std::move(executor)),
      profile_(std::move(profile)),
      admission_(profile_.admission),
      processes_(executor_, profile_, callbacks()),
      worker_changed_(executor_) {
  if (profile_.has_cache) blocks_.emplace(made_folder(profile_.data_folder + "/cache"), profile_.cache_bytes);
  asio::co_spawn(executor_, watch(), asio::detached);
}

Pool::~Pool() { *alive_ = false; }

WorkerProcess::Callbacks Pool::callbacks() {
  WorkerProcess::Callbacks callbacks;
  callbacks.changed = [this](WorkerProcess& worker) { worker_changed(worker); };
  callbacks.block_offered = [this](WorkerProcess& worker, const std::string& key, const std::string& path) {
    if (blocks_) blocks_->accept(key, path, worker.spec().spill_folder);
  };
  callbacks.block_used = [this](const std::string& key) {
    if (blocks_) blocks_->touch(key);
  };
  return callbacks;
}

void Pool::set_grants(std::vector<std::string> readable_paths, std::vector<std::string> given_paths,
                      std::string fingerprint, std::vector<std::uint16_t> connect_ports) {
  if (!processes_.set_grants(
          {std::move(readable_paths), std::move(given_paths), std::move(fingerprint), std::move(connect_ports)})) {
    return;
  }
  // Where processes come as they are needed, the tasks of those that are replaced keep nobody waiting.
  for (const auto& worker : processes_.all()) {
    if (profile_.on_demand && worker->task()) admission_.end(worker->task()->id);
  }
  keep_ready();
}

void Pool::keep_ready() {
  if (!stopping_ && !profile_.on_demand) processes_.keep(profile_.processes);
}

void Pool::warm(int processes) {
  if (!stopping_) processes_.keep(std::min(processes, profile_.processes));
}

void Pool::large_changed(WorkerProcess& worker) {
  if (worker.state() == WorkerProcess::State::Dead) {
    large_.reset();
    if (large_ticket_ && !large_ticket_->started) {
      refuse(*large_ticket_,
             Error{ErrorCode::MemoryLimit, "The statement needs more memory than a worker has.", {}, {}, 0});
    }
    large_ticket_.reset();
  } else if (worker.state() == WorkerProcess::State::Idle) {
    if (large_ticket_ && !large_ticket_->started) {
      start(*large_ticket_, large_);
    } else {
      worker.retire();
    }
  }
}

void Pool::worker_changed(WorkerProcess& worker) {
  processes_.note(worker);
  if (large_.get() == &worker) large_changed(worker);
  release_ended();
  keep_ready();
  dispatch();
  worker_changed_.notify();
}

// A task that ended gives its place back.
void Pool::release_ended() {
  std::erase_if(lanes_, [&](const auto& entry) {
    const bool runs = std::ranges::any_of(
        processes_.all(), [&](const auto& known) { return known->task() && known->task()->id == entry.first; });
    if (!runs) admission_.end(entry.first);
    return !runs;
  });
}

// Tasks side by side have the cores between them: threads of one task would only wait for those of another.
int Pool::threads_for_next() const {
  if (!profile_.shares_threads) return profile_.threads;
  const std::size_t busy = admission_.running() + waiting();
  return std::max(1, profile_.threads / static_cast<int>(std::max<std::size_t>(busy, 1)));
}

void Pool::refuse(Ticket& ticket, Error why) {
  if (why.code == ErrorCode::TooManyRequests) ++counters_.refused;
  ticket.refusal = std::move(why);
  ticket.ready.notify();
}

void Pool::refuse_waiting(Admission::Id id, const Error& why) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  admission_.leave(id);
  refuse(*found->second, why);
  waiting_.erase(found);
}

// Those that nobody wants any more, that have waited too long, or that will never get a worker.
void Pool::drop_refused() {
  const std::int64_t now_ns = monotonic_ns();
  std::vector<TicketPtr> gone;
  for (const auto& [id, ticket] : waiting_) {
    if (ticket->gone.cancelled()) gone.push_back(ticket);
  }
  for (const auto& ticket : gone) refuse_waiting(ticket->id, ticket->gone.error());
  for (Admission::Id id : admission_.overdue(now_ns)) {
    refuse_waiting(id, overloaded("The server is busy: the request waited too long for a worker."));
  }
  for (Admission::Id id : admission_.refused_streams()) refuse_waiting(id, overloaded(kReadersHoldAll));
  std::erase_if(large_queue_, [&](const TicketPtr& ticket) {
    if (ticket->gone.cancelled()) {
      refuse(*ticket, ticket->gone.error());
    } else if (now_ns - ticket->queued_ns > profile_.admission.wait_max.count()) {
      refuse(*ticket, overloaded("The server is busy: the request waited too long for a worker."));
    } else {
      return false;
    }
    return true;
  });
  if (!processes_.gave_up() || processes_.usable() > 0) return;
  const Error none{ErrorCode::Unavailable, "No worker can be started.", processes_.start_failure(), {}, 5};
  for (Admission::Id id : admission_.all_waiting()) refuse_waiting(id, none);
  for (const TicketPtr& ticket : std::exchange(large_queue_, {})) refuse(*ticket, none);
  if (profile_.on_demand) processes_.forgive();  // the next request tries again
}

void Pool::dispatch() {
  if (dispatching_) return;  // starting a task may call back
  dispatching_ = true;
  drop_refused();
  while (const auto id = admission_.next()) {
    auto worker = processes_.idle();
    if (!worker) {
      if (!stopping_ && profile_.on_demand) processes_.keep(profile_.processes);
      break;
    }
    const TicketPtr ticket = waiting_.at(*id);
    waiting_.erase(*id);
    admission_.start(*id);
    start(*ticket, worker);
  }
  if (processes_.gave_up()) drop_refused();
  dispatch_large();
  dispatching_ = false;
}

void Pool::dispatch_large() {
  if (large_ || large_queue_.empty() || stopping_) return;
  auto ticket = large_queue_.front();
  large_queue_.pop_front();
  large_ = processes_.start_large();
  if (!large_) {
    refuse(*ticket, Error{ErrorCode::Unavailable, "No worker can be started.", processes_.start_failure(), {}, 5});
    return;
  }
  large_ticket_ = ticket;
}

void Pool::start(Ticket& ticket, const std::shared_ptr<WorkerProcess>& worker) {
  ticket.started = true;
  lanes_.emplace(ticket.id, ticket.lane);
  ticket.task.id = ticket.id;
  ticket.task.queue_ms = static_cast<double>(monotonic_ns() - ticket.queued_ns) / 1e6;
  ticket.state = std::make_shared<TaskState>(executor_);
  ticket.state->id = ticket.task.id;
  std::vector<const Dataset*> datasets;
  for (const auto& dataset : ticket.datasets) datasets.push_back(dataset.get());
  ticket.state->datasets = ticket.datasets;
  if (ticket.open_file) answer_need_file(*ticket.state, worker, std::move(ticket.open_file));
  ++counters_.started;
  ticket.task.threads = threads_for_next();
  worker->start(ticket.task, datasets, held_, gone_, ticket.state);
  if (profile_.single_use) worker->retire();
  if (ticket.task.timeout_ms > 0) {
    asio::co_spawn(executor_, enforce_timeout(ticket.state, std::chrono::milliseconds(ticket.task.timeout_ms)),
                   asio::detached);
  }
  ticket.ready.notify();
}

asio::awaitable<void> Pool::enforce_timeout(std::shared_ptr<TaskState> state, std::chrono::milliseconds timeout) {
  if (state->ended()) co_return;
  state->time_limit.expires_after(timeout);  // ended with the task
  auto [stopped] = co_await state->time_limit.async_wait(kAwait);
  if (!stopped && !state->ended() && state->worker) state->worker->cancel(CancelReason::Timeout);
}

asio::awaitable<Result<std::unique_ptr<TaskRun>>> Pool::submit(Task task,
                                                               std::vector<std::shared_ptr<const Dataset>> datasets,
                                                               Lane lane, bool large, CancelToken gone) {
  auto ticket = std::make_shared<Ticket>(executor_);
  ticket->task = std::move(task);
  ticket->datasets = std::move(datasets);
  ticket->lane = lane;
  ticket->large = large;
  ticket->gone = std::move(gone);
  co_return co_await wait_for_worker(std::move(ticket));
}

asio::awaitable<Result<std::unique_ptr<RoleTask>>> Pool::submit(Task task, OpenFile open_file, CancelToken gone,
                                                                bool is_stream) {
  auto ticket = std::make_shared<Ticket>(executor_);
  ticket->task = std::move(task);
  ticket->open_file = std::move(open_file);
  ticket->lane = is_stream ? Lane::Stream : Lane::General;
  ticket->gone = std::move(gone);
  auto run = co_await wait_for_worker(std::move(ticket));
  if (!run) co_return Result<std::unique_ptr<RoleTask>>(std::unexpected(run.error()));
  co_return std::make_unique<RoleTask>(std::move(*run));
}

asio::awaitable<Result<std::unique_ptr<TaskRun>>> Pool::wait_for_worker(TicketPtr ticket) {
  using Answer = Result<std::unique_ptr<TaskRun>>;
  if (stopping_) co_return Answer(fail(shutting_down()));
  if (const auto refusal = admission_.refusal(ticket->lane)) {
    ++counters_.refused;
    const bool queue = *refusal == Admission::Refusal::QueueFull;
    co_return Answer(
        fail(overloaded(queue ? "The server is busy: too many requests are already waiting." : kReadersHoldAll)));
  }
  ticket->id = next_id_++;
  ticket->queued_ns = monotonic_ns();
  if (ticket->large) {
    large_queue_.push_back(ticket);
  } else {
    waiting_.emplace(ticket->id, ticket);
    admission_.wait(ticket->id, ticket->lane, ticket->queued_ns);
  }
  keep_ready();
  dispatch();
  while (!ticket->started && !ticket->refusal) co_await ticket->ready.wait();
  if (ticket->refusal) co_return Answer(fail(*ticket->refusal));
  co_return std::make_unique<TaskRun>(ticket->state);
}

std::size_t Pool::running() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(processes_.all(), [](const auto& worker) { return worker->task() != nullptr; }));
}

PoolCounters Pool::counters() const {
  PoolCounters out = counters_;
  out.processes = processes_.started();
  return out;
}

// Every sample period: waiting tickets, memory bounds, tasks that stand still. (Memory has no event to wait for.)
asio::awaitable<void> Pool::watch() {
  auto alive = alive_;
  asio::steady_timer timer(executor_);
  while (true) {
    timer.expires_after(limits::kMemorySamplePeriod);
    co_await timer.async_wait(kAwait);
    if (!*alive) co_return;
    for (const auto& worker : std::vector(processes_.all())) watch_worker(worker);
    if (admission_.parked() > admission_.rules().parked_max && waiting() > 0) cut_longest_unread();
    dispatch();
  }
}

void Pool::watch_worker(const std::shared_ptr<WorkerProcess>& worker) {
  const auto task = worker->task();
  if (!task) return;
  TaskSample sample;
  if (profile_.supervision.counts_pulse()) sample.pulse = worker->take_pulse();
  if (!task->piece.empty()) sample.unread = std::chrono::nanoseconds(monotonic_ns() - task->waiting_since_ns);
  const auto lane = lanes_.find(task->id);
  sample.is_stream = lane != lanes_.end() && lane->second == Lane::Stream;
  sample.parked = task->parked;
  // RSS counts shared pages whole, so PSS, which is dearer to read, is asked for only near the bound. Killed a little
  // below it, because a task goes on growing between two samples.
  sample.memory_bytes_max = worker->spec().memory_bytes;
  const std::uint64_t line = sample.memory_bytes_max / 10 * 9;
  sample.over_memory = line > 0 && worker->resident_bytes() > line && worker->proportional_bytes() > line;
  const Decision decision = decision_on(sample, profile_.supervision, waiting() > 0, admission_.parked());
  switch (decision.kind) {
    case Decision::Kind::GoOn: return;
    case Decision::Kind::Kill:
      if (sample.over_memory) ++counters_.killed_for_memory;
      worker->kill(decision.error);
      return;
    case Decision::Kind::Park: break;
  }
  task->parked = true;
  admission_.park(task->id);
  if (admission_.parked() <= admission_.rules().parked_max) keep_ready();
  dispatch();
}

// More are parked than there is memory to replace: the place of the one whose reader takes nothing for longest.
void Pool::cut_longest_unread() {
  std::shared_ptr<TaskState> longest;
  for (const auto& worker : processes_.all()) {
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
  for (const auto& worker : processes_.all()) {
    std::string state = "idle";
    if (worker->state() == WorkerProcess::State::Starting) state = "starting";
    if (worker->task()) state = worker->task()->parked ? "parked" : "busy";
    out.push_back(
        {worker->number(), worker->pid(), state, worker->task() ? worker->task()->id : 0, worker->resident_bytes()});
  }
  return out;
}

void Pool::refuse_all() {
  stopping_ = true;
  for (Admission::Id id : admission_.all_waiting()) refuse_waiting(id, shutting_down());
  for (const TicketPtr& ticket : std::exchange(large_queue_, {})) refuse(*ticket, shutting_down());
}

void Pool::end_processes() {
  for (const auto& worker : std::vector(processes_.all())) {
    if (worker->task()) {
      worker->kill(shutting_down());
    } else {
      worker->retire();
    }
  }
}

void Pool::shut_down_now() {
  refuse_all();
  end_processes();
}

asio::awaitable<void> Pool::shut_down(std::chrono::milliseconds deadline) {
  refuse_all();
  auto alive = alive_;
  // Ends the wait at hand, which otherwise ends when a worker changes.
  asio::steady_timer timer(executor_, deadline);
  const auto wake = [this, alive](const boost::system::error_code& error) {
    if (!error && *alive) worker_changed_.notify();
  };
  timer.async_wait(wake);
  while (running() > 0 && std::chrono::steady_clock::now() < timer.expiry()) co_await worker_changed_.wait();
  end_processes();
  // Idle workers leave by themselves; whoever has not after a second is killed.
  timer.expires_after(std::chrono::seconds(1));
  timer.async_wait(wake);
  while (!processes_.all().empty()) {
    co_await worker_changed_.wait();
    if (std::chrono::steady_clock::now() < timer.expiry()) continue;
    for (const auto& worker : std::vector(processes_.all())) worker->kill(shutting_down());
  }
}

}  // namespace canvasback
