// RolePool: the workers of one role beside the query pool: `ingest` (parses what clients send; can open nothing) and
// `maintain` (merges and checks a collection's files). Processes are started when first needed and kept; one task at a
// time each, first in first out; but tasks that may last as long as their client likes leave a process to the others,
// and one whose client sends nothing while others wait is parked: another process stands in for its own.
// A worker that says nothing for limits::kSilenceMax, or sits on its input for limits::kIngestStallMax, is killed, and
// so is one whose task lasts limits::kRoleTaskMax without being fed. They never take a place of the query pool. All
// calls on the front's one thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "worker/pool/worker_process.hpp"

namespace canvasback {

struct RolePoolOptions {
  std::string executable;
  std::string data_folder;  // spill/ is below it
  std::string role;         // ingest, maintain
  std::string name = {};    // of its spill folders; the role's where it has none
  int processes = 1;        // at most
  int long_tasks_max = 0;   // at once; 0: as many as there are processes
  int nice = 0;
  int threads = 1;  // of each
  std::uint64_t memory_bytes = 0;
  std::uint64_t spill_bytes_max = 0;
  bool landlock_required = true;
  std::size_t waiting_max = 64;
};

// A task that a worker of a role is at. Dropping it cancels the task.
class RoleTask {
 public:
  RoleTask(std::shared_ptr<WorkerProcess> worker, std::unique_ptr<TaskRun> run)
      : worker_(std::move(worker)), run_(std::move(run)) {}

  // Waits while enough is under way; false where the task has ended: next() says why.
  asio::awaitable<bool> feed(std::string_view bytes) { return worker_->feed(run_->state(), bytes); }
  void end_input() { worker_->end_input(run_->state()); }
  void give_files(std::vector<UniqueFd> files) { worker_->give_files(std::move(files)); }
  // Its end: what it says, or why it failed.
  asio::awaitable<Result<Json>> finish();
  void cancel(CancelReason reason) { run_->cancel(reason); }
  const Json& progress() const { return run_->progress(); }

 private:
  std::shared_ptr<WorkerProcess> worker_;
  std::unique_ptr<TaskRun> run_;
};

class RolePool {
 public:
  // What a worker's NeedFile is answered with; an error fails the task.
  using OpenFile = std::function<Result<UniqueFd>(const Json& request)>;

  RolePool(asio::any_io_executor executor, RolePoolOptions options);
  ~RolePool();

  // What its workers may read from now on; those of before end after their task.
  void set_readable_paths(std::vector<std::string> paths);
  // Waits for a worker. Errors: TooManyRequests, Unavailable, Cancelled.
  asio::awaitable<Result<std::unique_ptr<RoleTask>>> submit(Task task, OpenFile open_file, CancelToken gone,
                                                            bool is_long = false);
  // Starts so many of the processes there may be, so that the first tasks do not wait for one.
  void warm(int processes);
  void shut_down();

  std::size_t running() const;
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Ticket {
    Event ready;
    std::shared_ptr<WorkerProcess> worker;
    bool refused = false;
    bool is_long = false;
  };

  std::deque<std::shared_ptr<Ticket>>::iterator next_ticket();
  void dispatch();
  bool start_process();
  void worker_changed(WorkerProcess& worker);
  void watch_worker(const std::shared_ptr<WorkerProcess>& worker);
  void park_starved();
  bool is_parked(const WorkerProcess* worker) const;
  asio::awaitable<void> watch();

  asio::any_io_executor executor_;
  RolePoolOptions options_;
  std::vector<std::string> readable_paths_;
  std::uint64_t generation_ = 1;
  std::vector<std::shared_ptr<WorkerProcess>> workers_;
  std::deque<std::shared_ptr<Ticket>> waiting_;
  std::vector<WorkerProcess*> reserved_;       // given to a ticket, its task not yet started
  std::vector<WorkerProcess*> at_long_tasks_;  // or given to one
  std::vector<WorkerProcess*> parked_;         // of those, the ones whose clients send nothing
  std::uint64_t next_task_id_ = 1;
  int next_number_ = 1;
  int start_failures_ = 0;
  std::string start_failure_;
  bool stopping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
