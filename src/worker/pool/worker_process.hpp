// WorkerProcess: one sandboxed child process and the front's end of its socket. Spawns it (posix_spawn of our own
// executable, descriptors 0 to 3 only), says Hello, gives it one task at a time, reads its frames, and can always
// kill it. The pool decides; this class carries out. All on the front's one thread; kept alive by shared_ptr while
// operations are under way.
#pragma once

#include <sys/types.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "storage/dataset.hpp"
#include "storage/held_files.hpp"
#include "task/byte_ring.hpp"
#include "task/frame.hpp"
#include "task/task.hpp"
#include "worker/pool/supervision.hpp"
#include "worker/pool/task_run.hpp"

namespace canvasback {

struct WorkerSpec {
  std::string executable;
  std::vector<std::string> readable_paths;   // files and folders that it may open
  std::vector<std::string> given_paths;      // and those that it is given descriptors for (storage/held_files.hpp)
  std::vector<std::uint16_t> connect_ports;  // of the role that connects; none: any
  std::string spill_folder;                  // its own; made by the caller
  std::string cache_folder;
  int threads = 1;
  std::uint64_t memory_bytes = 0;  // the bound; past it the process is killed
  std::uint64_t spill_bytes_max = 0;
  bool landlock_required = true;
  std::string role = "query";  // query, ingest, maintain
  int nice = 0;
};

class WorkerProcess : public std::enable_shared_from_this<WorkerProcess> {
 public:
  enum class State { Starting, Idle, Busy, Dead };

  // What the pool wants to hear; called on the front's thread.
  struct Callbacks {
    std::function<void(WorkerProcess&)> changed;  // ready, idle again, or dead
    std::function<void(WorkerProcess&, const std::string& key, const std::string& path)> block_offered;
    std::function<void(const std::string& key)> block_used;
  };

  static Result<std::shared_ptr<WorkerProcess>> spawn(asio::any_io_executor executor, int number,
                                                      std::uint64_t generation, WorkerSpec spec, Callbacks callbacks);
  WorkerProcess(asio::any_io_executor executor, int number, std::uint64_t generation, WorkerSpec spec,
                Callbacks callbacks);
  ~WorkerProcess();

  // Gives a task to an idle worker; `datasets` are the entries it may need, sent where it has not that version, with
  // the descriptors of files that are held. `gone`: names of others that it is to know no more.
  void start(const Task& task, const std::vector<const Dataset*>& datasets, const HeldFiles& held,
             const std::set<std::string>& gone, std::shared_ptr<TaskState> state);
  void cancel(CancelReason reason);
  // Feeds the running task. Waits while the ring is full of what is not yet worked off; false where the task has ended.
  asio::awaitable<bool> feed(std::shared_ptr<TaskState> task, std::string_view bytes);
  // No more input for that task; nothing where it has ended meanwhile and the worker may be at another.
  void end_input(const std::shared_ptr<TaskState>& task);
  // Hands descriptors to the running task.
  void give_files(std::vector<UniqueFd> files);
  // At once. The running task fails with `error`.
  void kill(Error error);
  // Ends an idle worker by closing its socket; a busy one after its task.
  void retire();

  // How the running task of a fed role does, to be asked once in limits::kMemorySamplePeriod.
  const Pulse& take_pulse();

  int number() const { return number_; }
  pid_t pid() const { return pid_; }
  std::uint64_t generation() const { return generation_; }
  State state() const { return state_; }
  bool retiring() const { return retiring_; }
  const WorkerSpec& spec() const { return spec_; }
  const std::shared_ptr<TaskState>& task() const { return task_; }
  std::uint64_t resident_bytes() const;      // RSS now
  std::uint64_t proportional_bytes() const;  // PSS now; slower
  std::uint64_t baseline_bytes() const { return baseline_bytes_; }
  const Error& start_error() const { return start_error_; }

 private:
  Status launch();
  asio::awaitable<void> read_frames();
  asio::awaitable<bool> read_more();
  asio::awaitable<bool> read_until(std::size_t bytes);
  asio::awaitable<bool> pass_data(RingPiece piece);
  void look_ahead();
  void handle(FrameKind kind, std::string_view payload);
  void end_task(std::optional<Json> done, std::optional<Error> failed);
  void send_held(const Dataset& dataset, const HeldFiles& held);
  struct Outgoing {
    std::string frame;
    std::vector<UniqueFd> files;
  };
  void enqueue(Outgoing frame);
  void send(FrameKind kind, std::string_view payload, std::vector<UniqueFd> files = {});
  bool send_first_byte(const std::string& frame, const std::vector<UniqueFd>& files, bool& again);
  asio::awaitable<void> write_frames();
  asio::awaitable<void> kill_after_grace(std::uint64_t task_id, CancelReason reason);
  asio::awaitable<void> watch_start();
  void died();

  int number_;
  std::uint64_t generation_;
  WorkerSpec spec_;
  Callbacks callbacks_;
  asio::local::stream_protocol::socket socket_;
  pid_t pid_ = -1;
  State state_ = State::Starting;
  bool retiring_ = false;
  std::shared_ptr<TaskState> task_;
  std::map<std::string, std::string> known_versions_;
  std::optional<Error> kill_error_;
  Error start_error_;
  std::uint64_t baseline_bytes_ = 0;
  std::optional<RingReader> ring_;
  std::optional<InputRing> input_;  // in the same memory
  std::string buffer_;
  std::size_t begin_ = 0;  // of the bytes read and not yet used
  std::size_t end_ = 0;
  std::deque<Outgoing> outgoing_;
  bool writing_ = false;
  Pulse pulse_;
  bool feeding_ = false;      // input waits for room
  bool input_ended_ = false;  // of the running task
};

}  // namespace canvasback
