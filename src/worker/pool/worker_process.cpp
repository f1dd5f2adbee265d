#include "worker/pool/worker_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "task/worker_protocol.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kReadBytes = 32 * limits::kKiB;
// A cancelled or timed-out worker gives its engine this share of the bound; the rest is Arrow's and the encoder's.
constexpr double kEngineShare = 0.6;
// The last resort against a burst between two samples. Address space is counted, of which allocators keep much more
// than they touch: measured, a worker of 1.5 GB hit a limit of 2 GB after a hundred small statements.
constexpr std::uint64_t kDataFactor = 3;
constexpr std::uint64_t kDataSlackBytes = 4 * limits::kGiB;

Result<pid_t> spawn_process(const std::string& executable, int socket, int ring) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, socket, kWorkerSocketFd);
  posix_spawn_file_actions_adddup2(&actions, ring, kWorkerRingFd);
  posix_spawn_file_actions_addclosefrom_np(&actions, kWorkerRingFd + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // The front's own blocked and ignored signals are not the worker's.
  sigset_t none;
  sigemptyset(&none);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string name = executable;
  std::string command = "worker";
  char* argv[] = {name.data(), command.data(), nullptr};
  std::vector<char*> environment;
  for (const char* entry : kWorkerEnvironment) environment.push_back(const_cast<char*>(entry));
#ifdef CANVASBACK_SANITIZED
  for (const char* name_of_options : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = ::getenv(name_of_options)) {
      environment.push_back(::strdup(fmt::format("{}={}", name_of_options, value).c_str()));
    }
  }
#endif
  environment.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, executable.c_str(), &actions, &attributes, argv, environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(ErrorCode::Unavailable, "A worker could not be started.", std::strerror(error));
  return pid;
}

std::uint64_t read_number_after(const std::string& path, std::string_view key) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return 0;
  char text[4096] = {};
  const ssize_t got = ::read(fd.get(), text, sizeof text - 1);
  if (got <= 0) return 0;
  const std::string_view view(text, static_cast<std::size_t>(got));
  const std::size_t at = view.find(key);
  if (at == std::string_view::npos) return 0;
  return std::strtoull(text + at + key.size(), nullptr, 10);
}

Error stopped_error(CancelReason reason) {
  CancelToken token;
  token.cancel(reason);
  return token.error();
}

}  // namespace

Result<std::shared_ptr<WorkerProcess>> WorkerProcess::spawn(asio::any_io_executor executor, int number,
                                                            std::uint64_t generation, WorkerSpec spec,
                                                            Callbacks callbacks) {
  auto worker =
      std::make_shared<WorkerProcess>(std::move(executor), number, generation, std::move(spec), std::move(callbacks));
  CANVASBACK_TRY(worker->launch());
  return worker;
}

WorkerProcess::WorkerProcess(asio::any_io_executor executor, int number, std::uint64_t generation, WorkerSpec spec,
                             Callbacks callbacks)
    : number_(number),
      generation_(generation),
      spec_(std::move(spec)),
      callbacks_(std::move(callbacks)),
      socket_(std::move(executor)),
      buffer_(kReadBytes, '\0') {}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

Status WorkerProcess::launch() {
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return fail(ErrorCode::Unavailable, "A worker could not be started.", std::strerror(errno));
  }
  UniqueFd ours(pair[0]);
  // Out of the way of the numbers that the child gets.
  UniqueFd theirs(::fcntl(pair[1], F_DUPFD_CLOEXEC, kWorkerRingFd + 1));
  ::close(pair[1]);
  CANVASBACK_ASSIGN(auto memory, RingMemory::create());
  UniqueFd their_ring(::fcntl(memory.fd(), F_DUPFD_CLOEXEC, kWorkerRingFd + 1));
  memory.close_fd();
  ring_.emplace(std::move(memory));
  input_.emplace(ring_->memory().bytes());
  if (!theirs || !their_ring) return fail(ErrorCode::Unavailable, "A worker could not be started.", "no descriptors");
  CANVASBACK_ASSIGN(pid_, spawn_process(spec_.executable, theirs.get(), their_ring.get()));
  // Before it is told anything, so that all of its threads have it. Going without changes no answer.
  if (spec_.nice > 0) static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(pid_), spec_.nice));
  socket_.assign(asio::local::stream_protocol(), ours.release());
  Json hello;
  Json paths = Json::Array{};
  for (const std::string& path : spec_.readable_paths) paths.push(path);
  hello.set("readable_paths", std::move(paths));
  Json given = Json::Array{};
  for (const std::string& path : spec_.given_paths) given.push(path);
  hello.set("given_paths", std::move(given));
  Json ports = Json::Array{};
  for (const std::uint16_t port : spec_.connect_ports) ports.push(static_cast<std::int64_t>(port));
  hello.set("connect_ports", std::move(ports));
  hello.set("spill_folder", spec_.spill_folder);
  hello.set("cache_folder", spec_.cache_folder);
  hello.set("threads", spec_.threads);
  hello.set("engine_memory_bytes", static_cast<std::uint64_t>(static_cast<double>(spec_.memory_bytes) * kEngineShare));
  hello.set("data_bytes_max", kDataFactor * spec_.memory_bytes + kDataSlackBytes);
  hello.set("spill_bytes_max", spec_.spill_bytes_max);
  hello.set("landlock_required", spec_.landlock_required);
  hello.set("role", spec_.role);
  hello.set("parent", static_cast<std::int64_t>(::getpid()));
  send(FrameKind::Hello, hello.dump());
  auto self = shared_from_this();
  asio::co_spawn(
      socket_.get_executor(), [self] { return self->read_frames(); }, asio::detached);
  asio::co_spawn(
      socket_.get_executor(), [self] { return self->watch_start(); }, asio::detached);
  return {};
}

asio::awaitable<void> WorkerProcess::watch_start() {
  auto self = shared_from_this();
  asio::steady_timer timer(socket_.get_executor(), limits::kWorkerStartTimeout);
  co_await timer.async_wait(kAwait);
  if (state_ == State::Starting) kill(Error{ErrorCode::Unavailable, "A worker did not start in time.", {}, {}, 1});
}

void WorkerProcess::start(const Task& task, const std::vector<const Dataset*>& datasets, const HeldFiles& held,
                          const std::set<std::string>& gone, std::shared_ptr<TaskState> state) {
  state_ = State::Busy;
  task_ = std::move(state);
  task_->worker = shared_from_this();
  input_->restart();
  pulse_ = {};
  feeding_ = false;
  input_ended_ = false;
  Json forgotten = Json::Array{};
  for (const std::string& name : gone) {
    if (known_versions_.erase(name) > 0) forgotten.push(name);
  }
  Json entries = Json::Array{};
  for (const Dataset* dataset : datasets) {
    std::string& known = known_versions_[dataset->name];
    if (known == dataset->version) continue;
    known = dataset->version;
    send_held(*dataset, held);
    entries.push(to_json(*dataset));
  }
  if (const auto* inspect = std::get_if<InspectWork>(&task.work)) {
    // As this task finds it, which the others do only once it has been looked into.
    known_versions_.erase(inspect->listed.name);
    send_held(inspect->listed, held);
  }
  if (!entries.as_array().empty() || !forgotten.as_array().empty()) {
    Json catalog;
    catalog.set("gone", std::move(forgotten));  // first
    catalog.set("datasets", std::move(entries));
    send(FrameKind::Catalog, catalog.dump());
  }
  Task numbered = task;
  numbered.worker_number = number_;
  send(FrameKind::Task, to_json(numbered).dump());
}

// Where no descriptor is left for it, the worker finds that it may not open the files, and says so.
void WorkerProcess::send_held(const Dataset& dataset, const HeldFiles& held) {
  const HeldDescriptors* descriptors = held.find(dataset.name, dataset.version);
  if (descriptors == nullptr) return;
  std::vector<UniqueFd> copies;
  for (const auto& descriptor : *descriptors) {
    copies.emplace_back(::fcntl(descriptor->get(), F_DUPFD_CLOEXEC, 0));
    if (!copies.back()) return;
  }
  Json of;
  of.set("dataset", dataset.name);
  send(FrameKind::Files, of.dump(), std::move(copies));
}

void WorkerProcess::cancel(CancelReason reason) {
  if (!task_ || task_->ended() || task_->cancelled != CancelReason::None) return;
  task_->cancelled = reason;
  Json json;
  json.set("id", task_->id);
  json.set("reason", static_cast<int>(reason));
  send(FrameKind::Cancel, json.dump());
  task_->taken.notify();  // the rest is drained
  task_->readable.notify();
  asio::co_spawn(
      socket_.get_executor(),
      [self = shared_from_this(), id = task_->id, reason] { return self->kill_after_grace(id, reason); },
      asio::detached);
}

asio::awaitable<void> WorkerProcess::kill_after_grace(std::uint64_t task_id, CancelReason reason) {
  asio::steady_timer timer(socket_.get_executor(), limits::kCancelGrace);
  co_await timer.async_wait(kAwait);
  if (task_ && task_->id == task_id && !task_->ended()) kill(stopped_error(reason));
}

asio::awaitable<bool> WorkerProcess::feed(std::shared_ptr<TaskState> task, std::string_view bytes) {
  auto self = shared_from_this();
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, limits::kInputFrameBytes);
    while (!task->ended() && task_ == task && !input_->fits(piece.size())) {
      feeding_ = true;
      co_await task->readable.wait();
    }
    if (task->ended() || task_ != task) co_return false;
    feeding_ = false;
    pulse_.starved = 0;
    send(FrameKind::Input, encode_piece(input_->put(piece)));
    bytes.remove_prefix(piece.size());
  }
  co_return true;
}

void WorkerProcess::end_input(const std::shared_ptr<TaskState>& task) {
  if (task_ != task || task->ended()) return;
  input_ended_ = true;
  pulse_.stalled = 0;
  send(FrameKind::InputEnd, "{}");
}

const Pulse& WorkerProcess::take_pulse() {
  if (!task_) return pulse_ = {};
  ++pulse_.silent;
  pulse_.stalled = feeding_ || input_ended_ ? pulse_.stalled + 1 : 0;
  pulse_.starved = feeding_ || input_ended_ ? 0 : pulse_.starved + 1;
  return pulse_;
}

void WorkerProcess::give_files(std::vector<UniqueFd> files) { send(FrameKind::Files, "{}", std::move(files)); }

void WorkerProcess::kill(Error error) {
  if (state_ == State::Dead || pid_ <= 0) return;
  if (!kill_error_) kill_error_ = std::move(error);
  ::kill(pid_, SIGKILL);  // the end of its socket brings us to died()
}

void WorkerProcess::retire() {
  retiring_ = true;
  if (state_ == State::Idle) {
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  }
}

asio::awaitable<bool> WorkerProcess::read_more() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  }
  auto [error, got] =
      co_await socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_), kAwait);
  if (error) co_return false;
  end_ += got;
  co_return true;
}

// Until so many bytes are in the buffer.
asio::awaitable<bool> WorkerProcess::read_until(std::size_t bytes) {
  bool alive = true;
  while (alive && end_ - begin_ < bytes) alive = co_await read_more();
  co_return alive;
}

// Hands data to the task's reader and waits until it was taken. False where the worker may not go on.
asio::awaitable<bool> WorkerProcess::pass_data(RingPiece piece) {
  auto bytes = ring_->view(piece);
  if (!bytes) {
    kill(bytes.error());
    co_return false;
  }
  auto task = task_;
  if (task && !bytes->empty()) {
    bool given = false;
    if (!task->detached && task->cancelled == CancelReason::None) {
      look_ahead();
      task->piece = *bytes;
      task->waiting_since_ns = monotonic_ns();
      task->readable.notify();
      while (!task->piece.empty() && !task->piece_given && !task->detached && task->cancelled == CancelReason::None) {
        co_await task->taken.wait();
      }
      given = task->piece_given || task->piece.empty();
      // A reader that was handed the piece may still be writing it to its client: the bytes stay until it is done.
      while (task->piece_given && !task->detached) co_await task->taken.wait();
      task->piece = {};
    }
    if (!given) task->dropped = true;
  }
  if (ring_->take(piece)) send(FrameKind::Taken, {});
  co_return true;
}

// When the task's end follows the data in the buffer already, the reader can be told that this is all.
void WorkerProcess::look_ahead() {
  task_->piece_is_last = false;
  if (end_ - begin_ < kFrameHeaderBytes) return;
  auto header = decode_header({buffer_.data() + begin_, kFrameHeaderBytes});
  if (!header || header->kind != FrameKind::Done || end_ - begin_ - kFrameHeaderBytes < header->payload_bytes) return;
  auto done = Json::parse({buffer_.data() + begin_ + kFrameHeaderBytes, header->payload_bytes});
  if (!done) return;
  task_->piece_is_last = true;
  task_->done = std::move(*done);  // visible to the reader behind the piece
}

asio::awaitable<void> WorkerProcess::read_frames() {
  auto self = shared_from_this();
  while (true) {
    bool alive = co_await read_until(kFrameHeaderBytes);
    if (!alive) break;
    auto header = decode_header({buffer_.data() + begin_, kFrameHeaderBytes});
    if (!header) {
      kill(header.error());
      break;
    }
    begin_ += kFrameHeaderBytes;
    alive = co_await read_until(header->payload_bytes);
    if (!alive) break;
    const std::string_view payload(buffer_.data() + begin_, header->payload_bytes);
    begin_ += header->payload_bytes;
    if (header->kind != FrameKind::Data && header->kind != FrameKind::LastData) {
      handle(header->kind, payload);
      continue;
    }
    auto piece = decode_piece(payload);
    if (!piece) {
      kill(piece.error());
      break;
    }
    if (header->kind == FrameKind::LastData) {
      // Its end was written with it: together they are an answer of known length.
      alive = co_await read_until(kFrameHeaderBytes);
      if (!alive) break;
      auto end = decode_header({buffer_.data() + begin_, kFrameHeaderBytes});
      if (end && end->kind == FrameKind::Done) {
        alive = co_await read_until(kFrameHeaderBytes + end->payload_bytes);
        if (!alive) break;
      }
    }
    alive = co_await pass_data(*piece);
    if (!alive) break;
  }
  died();
}

void WorkerProcess::handle(FrameKind kind, std::string_view payload) {
  pulse_.silent = 0;
  if (kind == FrameKind::Alive) return;
  pulse_.stalled = 0;
  auto json = Json::parse(payload);
  if (!json) return kill(Error{ErrorCode::DataProcessing, "A worker sent a malformed message.", {}, {}, 0});
  switch (kind) {
    case FrameKind::Ready:
      baseline_bytes_ = json->at("resident_bytes").as_uint();
      state_ = State::Idle;
      if (retiring_) retire();
      callbacks_.changed(*this);
      return;
    case FrameKind::Head:
      if (task_) {
        task_->head = std::move(*json);
        task_->readable.notify();
      }
      return;
    case FrameKind::Progress:
      if (!task_) return;
      task_->progress = std::move(*json);
      if (task_->on_progress) task_->on_progress(task_->progress);
      return;
    case FrameKind::NeedFile:
      if (task_ && task_->on_need_file) task_->on_need_file(*json);
      return;
    case FrameKind::InputTaken:
      if (task_) {
        input_->take_until(json->at("position").as_uint());
        task_->readable.notify();
      }
      return;
    case FrameKind::CacheOffer:
      callbacks_.block_offered(*this, std::string(json->at("key").as_string()),
                               std::string(json->at("path").as_string()));
      return;
    case FrameKind::Done:
      for (const Json& key : json->at("blocks").as_array()) callbacks_.block_used(std::string(key.as_string()));
      return end_task(std::move(*json), std::nullopt);
    case FrameKind::Failed:
      if (state_ == State::Starting) {
        start_error_ = error_from_json(*json);
        return kill(start_error_);
      }
      // A worker that finds its engine spoilt says so, before the next task can be given to it.
      if (json->at("retire").as_bool()) {
        retiring_ = true;
        if (task_) task_->spoilt = true;
      }
      if (task_) task_->about = *json;
      return end_task(std::nullopt, error_from_json(*json));
    default: return kill(Error{ErrorCode::DataProcessing, "A worker sent a frame of an unexpected kind.", {}, {}, 0});
  }
}

void WorkerProcess::end_task(std::optional<Json> done, std::optional<Error> failed) {
  if (!task_) return;
  auto task = std::exchange(task_, nullptr);
  if (task->cancelled == CancelReason::Timeout && !task->done) failed = stopped_error(CancelReason::Timeout);
  // It ended well, but the stop came before its last bytes had a reader.
  if (!failed && task->dropped) failed = stopped_error(task->cancelled);
  if (failed) {
    task->done.reset();
    task->failed = std::move(failed);
  } else if (!task->done) {
    task->done = std::move(done);
  }
  task->worker.reset();
  task->time_limit.cancel();
  task->datasets.clear();  // nothing reads them any more, however long timers and readers have the task
  task->readable.notify();
  if (state_ == State::Busy) state_ = State::Idle;
  if (retiring_) retire();
  callbacks_.changed(*this);
}

void WorkerProcess::send(FrameKind kind, std::string_view payload, std::vector<UniqueFd> files) {
  enqueue(Outgoing{make_frame(kind, payload), std::move(files)});
}

void WorkerProcess::enqueue(Outgoing frame) {
  outgoing_.push_back(std::move(frame));
  if (writing_) return;
  writing_ = true;
  asio::co_spawn(
      socket_.get_executor(), [self = shared_from_this()] { return self->write_frames(); }, asio::detached);
}

asio::awaitable<void> WorkerProcess::write_frames() {
  while (!outgoing_.empty()) {
    const Outgoing& next = outgoing_.front();
    std::size_t begin = 0;
    if (!next.files.empty()) {
      bool again = true;
      while (again && send_first_byte(next.frame, next.files, again)) {
        if (!again) break;
        auto [wait_error] = co_await socket_.async_wait(asio::socket_base::wait_write, kAwait);
        if (wait_error) break;
      }
      begin = 1;
    }
    const auto rest = asio::buffer(next.frame) + begin;
    auto [error, sent] = co_await asio::async_write(socket_, rest, kAwait);
    if (error) break;  // the reading side notices the end
    outgoing_.pop_front();
  }
  outgoing_.clear();
  writing_ = false;
}

// The descriptors travel with the first byte of their frame. False where the socket is broken; `again` where it is
// full.
bool WorkerProcess::send_first_byte(const std::string& frame, const std::vector<UniqueFd>& files, bool& again) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * limits::kWorkerFilesMax)] = {};
  iovec part{const_cast<char*>(frame.data()), 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(sizeof(int) * files.size());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const int file = files[i].get();
    std::memcpy(CMSG_DATA(header) + i * sizeof(int), &file, sizeof(int));
  }
  const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  again = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return sent == 1 || again;
}

void WorkerProcess::died() {
  if (state_ == State::Dead) return;
  const bool expected = retiring_ && !task_;
  boost::system::error_code ignored;
  socket_.close(ignored);
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  state_ = State::Dead;
  std::error_code error;
  if (!spec_.spill_folder.empty()) std::filesystem::remove_all(spec_.spill_folder, error);
  if (!expected) {
    log::warning("worker {} ended: {}", number_,
                 kill_error_           ? kill_error_->message
                 : WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                       : fmt::format("exit code {}", WEXITSTATUS(status)));
  }
  if (task_) {
    Error failure = kill_error_.value_or(Error{ErrorCode::DataProcessing, "The worker of this task died.", {}, {}, 0});
    task_->killed_worker = !kill_error_;
    task_->done.reset();
    end_task(std::nullopt, std::move(failure));
  } else {
    callbacks_.changed(*this);
  }
}

std::uint64_t WorkerProcess::resident_bytes() const {
  if (pid_ <= 0) return 0;
  return read_number_after(fmt::format("/proc/{}/status", pid_), "VmRSS:") * limits::kKiB;
}

std::uint64_t WorkerProcess::proportional_bytes() const {
  if (pid_ <= 0) return 0;
  return read_number_after(fmt::format("/proc/{}/smaps_rollup", pid_), "\nPss:") * limits::kKiB;
}

}  // namespace canvasback
