// TaskRun: a task given to a worker, as its reader sees it. next() pulls what the worker sends; not pulling is the
// backpressure. Dropping it cancels the task. All calls on the front's one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "storage/dataset.hpp"
#include "worker/pool/event.hpp"

namespace canvasback {

class WorkerProcess;

struct TaskEvent {
  enum class Kind { Head, Data, Done, Failed };
  Kind kind = Kind::Failed;
  std::string_view bytes = {};  // Data: valid until release() or the next call of next()
  Json info = {};               // Head, Done; Data that is the last: what Done will say
  Error error = {};             // Failed
  bool last = false;            // Data: these are all the answer's remaining bytes, and Done is there already
};

// Shared between the reader (TaskRun) and the worker process that fills it.
struct TaskState {
  explicit TaskState(asio::any_io_executor executor) : readable(executor), taken(executor), time_limit(executor) {}

  std::uint64_t id = 0;
  std::shared_ptr<WorkerProcess> worker;  // until the task has ended
  Event readable;                         // something for the reader
  Event taken;                            // the reader is done with `piece`
  asio::steady_timer time_limit;          // ends with the task
  std::string_view piece;                 // data not yet taken
  bool piece_given = false;               // the reader holds it
  bool piece_is_last = false;
  bool dropped = false;  // some data had no reader, because the task was cancelled or detached
  std::optional<Json> head;
  std::optional<Json> done;
  std::optional<Error> failed;
  Json progress;
  CancelReason cancelled = CancelReason::None;
  bool detached = false;  // nobody reads: drain
  bool spoilt = false;    // failed because an earlier task left the worker unusable
  bool parked = false;
  std::int64_t waiting_since_ns = 0;  // the piece lies there since
  std::int64_t waited_ns = 0;         // and so long pieces have lain before
  // Ends the reader's wait for its client, where it waits for one: its place is needed. Called once, if at all.
  std::function<void()> on_cut;
  // Called with each progress report, while there is a reader.
  std::function<void(const Json& progress)> on_progress;
  // Of roles that are fed (worker/pool/role_task.hpp).
  std::function<void(const Json& request)> on_need_file;
  // What the task reads stays on the disk as long as somebody holds its datasets: until it has ended.
  std::vector<std::shared_ptr<const Dataset>> datasets;
  bool killed_worker = false;  // the process died of the task: nobody ended it
  Json about;                  // what the worker said beside the error: see TaskRun::about()
  bool ended() const { return done || failed; }
};

class TaskRun {
 public:
  explicit TaskRun(std::shared_ptr<TaskState> state) : state_(std::move(state)) {}
  ~TaskRun();
  TaskRun(const TaskRun&) = delete;
  TaskRun& operator=(const TaskRun&) = delete;

  // Head at most once, then Data pieces, then Done or Failed; after that the same end again.
  asio::awaitable<TaskEvent> next();
  // The bytes of the last Data event are not needed any more: the worker may go on.
  void release();
  // The worker is asked, and killed limits::kCancelGrace later. The reader then gets Failed.
  void cancel(CancelReason reason);

  std::uint64_t id() const { return state_->id; }
  // After Failed: the worker's fault, not the task's; it is gone, and the task may be tried again.
  bool worker_was_spoilt() const { return state_->spoilt; }
  // After Failed: its process died of it, as of a fault of the engine.
  bool killed_worker() const { return state_->killed_worker; }
  // After Failed, where it is known: "tables", the datasets that the statement reads; "changed", those of which a file
  // is not the one that was listed any more; "closed", the one of Task::work "closed" that it wanted.
  const Json& about() const { return state_->about; }
  int worker_number() const;
  const std::shared_ptr<TaskState>& state() const { return state_; }
  // The newest progress report of the worker: rows, bytes, share.
  const Json& progress() const { return state_->progress; }

 private:
  std::shared_ptr<TaskState> state_;
};

}  // namespace canvasback
