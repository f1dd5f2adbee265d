// Pool: the front's workers and who gets one. Three lanes: bounded tasks (pages, metadata; about a second at most),
// general ones, and streams (general ones whose answer is as long as a dataset, so that their client sets their pace);
// at least one of the N places is for bounded tasks only, so a page waits behind nothing but pages, and general tasks
// and streams take turns, so a query waits behind one stream at most.
// First in, first out in each lane; at most limits::kQueueMax wait, further ones get TooManyRequests with a time.
//
// - N + 1 processes are kept ready (one standby), each for one task at a time.
// - A task whose reader keeps its worker waiting is parked: it no longer counts in N, and its process is replaced as
//   long as the memory budget allows (sooner where others wait); beyond that, streams get TooManyRequests, and of tasks
//   that turn out to be streams the one that its reader has left alone for longest is cut where others wait.
// - A process past its memory bound is killed (PSS, sampled); only its task fails, with MemoryLimit.
// - set_grants() starts a new generation: idle processes of an older one end now, busy ones after their task.
// - One large place: a task that failed for memory before its first byte may be tried again with half of the budget.
// All calls on the front's one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "storage/block_index.hpp"
#include "storage/held_files.hpp"
#include "worker/pool/worker_process.hpp"

namespace canvasback {

enum class Lane { Bounded, General, Stream, Inspect };

struct PoolOptions {
  std::string executable;
  std::string data_folder;  // spill/ and cache/ are made in it
  int workers = 3;          // N
  int threads = 1;          // per worker
  std::uint64_t memory_budget_bytes = 0;
  std::uint64_t spill_bytes_max = 0;
  std::uint64_t cache_bytes = 0;
  bool landlock_required = true;
};

struct PoolCounters {
  std::uint64_t started = 0, done = 0, failed = 0, refused = 0, cancelled = 0, killed_for_memory = 0, processes = 0;
};

class Pool {
 public:
  Pool(asio::any_io_executor executor, PoolOptions options);
  ~Pool();

  // What workers may read from now on. `fingerprint` changes with whatever else a grant depends on: a rule for a
  // single file is bound to its inode, so a file replaced by another needs new workers too. `given_paths` are those of
  // files that are held: their workers may not open them, and are given their descriptors.
  void set_grants(std::vector<std::string> readable_paths, std::vector<std::string> given_paths,
                  std::string fingerprint);
  // The files that are kept open, for who lists them.
  HeldFiles& held() { return held_; }

  // Waits for a worker and starts the task there. `gone`, polled while waiting, says that nobody wants it any more.
  // Errors: TooManyRequests (queue full, waited limits::kQueueWaitMax, memory budget taken by parked streams),
  // Unavailable while shutting down or when no worker can be started, Cancelled.
  asio::awaitable<Result<std::unique_ptr<TaskRun>>> submit(Task task,
                                                           std::vector<std::shared_ptr<const Dataset>> datasets,
                                                           Lane lane, bool large, CancelToken gone);

  // Refuses new tasks, lets running ones end until the deadline, then ends every process.
  asio::awaitable<void> shut_down(std::chrono::milliseconds deadline);

  struct WorkerInfo {
    int number;
    std::int64_t pid;
    std::string state;  // starting, idle, busy, parked
    std::uint64_t task_id;
    std::uint64_t resident_bytes;
  };
  std::vector<WorkerInfo> workers() const;
  std::size_t waiting() const { return bounded_.size() + general_.size() + streams_.size() + inspect_.size(); }
  std::size_t running() const;
  const PoolCounters& counters() const { return counters_; }
  const BlockIndex& blocks() const { return blocks_; }
  std::uint64_t worker_memory_bytes() const;
  // Why no worker starts, where none does.
  const std::string& start_failure() const { return start_failure_; }

 private:
  struct Ticket {
    Task task;
    std::vector<std::shared_ptr<const Dataset>> datasets;
    Lane lane;
    bool large;
    CancelToken gone;
    std::int64_t queued_ns;
    std::shared_ptr<TaskState> state;
    std::optional<Error> refusal;
    bool started = false;
    Event ready;
  };
  using Queue = std::deque<std::shared_ptr<Ticket>>;

  void dispatch();
  int threads_for_next() const;
  bool has_room(Lane lane) const;
  std::shared_ptr<WorkerProcess> idle_process() const;
  bool serve_front_of(Queue& queue);
  bool serve_general_or_stream();
  bool stream_may_start() const;
  Queue& queue_of(Lane lane, bool large);
  void cut_longest_unread();
  void start(Ticket& ticket, const std::shared_ptr<WorkerProcess>& worker);
  void start_large(const std::shared_ptr<Ticket>& ticket);
  void keep_ready();
  std::shared_ptr<WorkerProcess> spawn(std::uint64_t memory_bytes);
  void worker_changed(WorkerProcess& worker);
  void drop_gone(Queue& queue);
  asio::awaitable<void> watch();
  void watch_worker(const std::shared_ptr<WorkerProcess>& worker);
  std::size_t parked() const;
  std::size_t parked_max() const;
  asio::awaitable<void> enforce_timeout(std::shared_ptr<TaskState> state, std::chrono::milliseconds timeout);

  asio::any_io_executor executor_;
  PoolOptions options_;
  BlockIndex blocks_;
  std::vector<std::string> readable_paths_;
  std::string fingerprint_;
  std::uint64_t generation_ = 0;
  std::vector<std::shared_ptr<WorkerProcess>> workers_;
  std::map<std::uint64_t, Lane> running_;  // task id → lane, without parked ones
  std::shared_ptr<WorkerProcess> large_;
  std::shared_ptr<Ticket> large_ticket_;
  Queue bounded_;
  Queue general_;
  Queue streams_;
  bool streams_turn_ = false;  // of the two, it is theirs
  Queue inspect_;
  Queue large_queue_;
  PoolCounters counters_;
  int next_number_ = 1;
  std::uint64_t next_task_id_ = 1;
  int start_failures_ = 0;
  std::string start_failure_;
  bool stopping_ = false;
  bool dispatching_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  HeldFiles held_;
  std::vector<std::string> given_paths_;  // of held_
};

}  // namespace canvasback
