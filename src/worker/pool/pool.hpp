// Pool: the worker processes of one role and who gets one. What a role is is its profile
// (worker/pool/role_profile.hpp): queries, ingest and merges have a pool each. The pool carries out what its policies
// say: Admission (who waits, who is next), Supervision (who is parked or stopped), ProcessSet (which processes there
// are).
//
// - One task at a time for each process.
// - A task whose client keeps its worker waiting is parked: it no longer counts, and its process is replaced as long as
//   the rules allow; beyond that, streams get TooManyRequests, and of tasks that turn out to be streams the one that
//   its reader has left alone for longest is cut where others wait.
// - A process past its memory bound is killed (PSS, sampled); only its task fails, with MemoryLimit.
// - set_grants() starts a new generation: idle processes of an older one end now, busy ones after their task.
// - Where the profile has a large place, a task that failed for memory before its first byte may be tried again there.
// All calls on the front's one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/block_index.hpp"
#include "storage/held_files.hpp"
#include "worker/pool/admission.hpp"
#include "worker/pool/process_set.hpp"
#include "worker/pool/role_profile.hpp"
#include "worker/pool/role_task.hpp"
#include "worker/pool/worker_process.hpp"

namespace canvasback {

struct PoolCounters {
  std::uint64_t started = 0, done = 0, failed = 0, refused = 0, cancelled = 0, killed_for_memory = 0, processes = 0;
};

class Pool {
 public:
  Pool(asio::any_io_executor executor, RoleProfile profile);
  ~Pool();

  // What workers may read from now on, and where the role that connects may (Grants).
  void set_grants(std::vector<std::string> readable_paths, std::vector<std::string> given_paths,
                  std::string fingerprint, std::vector<std::uint16_t> connect_ports = {});
  // The files that are kept open, for who lists them.
  HeldFiles& held() { return held_; }
  // Names of datasets that are no more (until they are again): workers forget them before their next task.
  std::set<std::string>& gone() { return gone_; }

  // Waits for a worker and starts the task there. `gone`, looked at while waiting, says that nobody wants it any more.
  // Errors: TooManyRequests (queue full, waited too long, no room for another parked stream), Unavailable while
  // shutting down or when no worker can be started, Cancelled.
  asio::awaitable<Result<std::unique_ptr<TaskRun>>> submit(Task task,
                                                           std::vector<std::shared_ptr<const Dataset>> datasets,
                                                           Lane lane, bool large, CancelToken gone);
  // The same for a task that is fed, and asks for files. is_stream: for as long as its client likes.
  asio::awaitable<Result<std::unique_ptr<RoleTask>>> submit(Task task, OpenFile open_file, CancelToken gone,
                                                            bool is_stream = false);

  // Starts so many of the processes there may be, so that the first tasks do not wait for one.
  void warm(int processes);
  // Refuses new tasks, lets running ones end until the deadline, then ends every process.
  asio::awaitable<void> shut_down(std::chrono::milliseconds deadline);
  // The same without waiting for anything.
  void shut_down_now();

  struct WorkerInfo {
    int number;
    std::int64_t pid;
    std::string state;  // starting, idle, busy, parked
    std::uint64_t task_id;
    std::uint64_t resident_bytes;
  };
  std::vector<WorkerInfo> workers() const;
  std::size_t waiting() const { return admission_.waiting(); }
  std::size_t running() const;
  PoolCounters counters() const;
  const BlockIndex& blocks() const { return *blocks_; }  // of a profile with a cache
  // Why no worker starts, where none does.
  const std::string& start_failure() const { return processes_.start_failure(); }

 private:
  struct Ticket {
    explicit Ticket(asio::any_io_executor executor) : ready(std::move(executor)) {}

    Admission::Id id = 0;
    Task task;
    std::vector<std::shared_ptr<const Dataset>> datasets;
    OpenFile open_file;
    Lane lane = Lane::General;
    bool large = false;
    CancelToken gone;
    std::int64_t queued_ns = 0;
    std::shared_ptr<TaskState> state;
    std::optional<Error> refusal;
    bool started = false;
    Event ready;
  };
  using TicketPtr = std::shared_ptr<Ticket>;

  WorkerProcess::Callbacks callbacks();
  asio::awaitable<Result<std::unique_ptr<TaskRun>>> wait_for_worker(TicketPtr ticket);
  void refuse(Ticket& ticket, Error why);
  void refuse_waiting(Admission::Id id, const Error& why);
  void drop_refused();
  void dispatch();
  void keep_ready();
  void start(Ticket& ticket, const std::shared_ptr<WorkerProcess>& worker);
  int threads_for_next() const;
  void dispatch_large();
  void large_changed(WorkerProcess& worker);
  void worker_changed(WorkerProcess& worker);
  void release_ended();
  asio::awaitable<void> watch();
  void watch_worker(const std::shared_ptr<WorkerProcess>& worker);
  void cut_longest_unread();
  asio::awaitable<void> enforce_timeout(std::shared_ptr<TaskState> state, std::chrono::milliseconds timeout);
  void refuse_all();
  void end_processes();

  asio::any_io_executor executor_;
  const RoleProfile profile_;
  std::optional<BlockIndex> blocks_;
  HeldFiles held_;
  std::set<std::string> gone_;
  Admission admission_;
  ProcessSet processes_;
  std::map<Admission::Id, TicketPtr> waiting_;  // of admission_
  std::map<Admission::Id, Lane> lanes_;         // of tasks that run
  std::shared_ptr<WorkerProcess> large_;
  TicketPtr large_ticket_;
  std::deque<TicketPtr> large_queue_;
  PoolCounters counters_;
  Admission::Id next_id_ = 1;
  bool stopping_ = false;
  bool dispatching_ = false;
  Event worker_changed_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
