#include "worker/run/child_main.hpp"

#include <arrow/memory_pool.h>
#include <arrow/util/thread_pool.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "engine/duckdb/duckdb_engine.hpp"
#include "net/mysql_login.hpp"
#include "worker/child/channel.hpp"
#include "worker/child/sandbox.hpp"
#include "worker/roles/query/executor.hpp"
#include "worker/run/role_worker.hpp"

namespace canvasback {
namespace {

struct Settings {
  SandboxSpec sandbox;
  EngineOptions engine;
  ExecutorOptions executor;
  std::string role;
};

std::vector<std::string> strings_of(const Json& json) {
  std::vector<std::string> out;
  for (const Json& item : json.as_array()) out.emplace_back(item.as_string());
  return out;
}

Settings settings_from(const Json& hello, const ChildBuild& build) {
  Settings settings;
  const std::string spill(hello.at("spill_folder").as_string());
  const std::string cache(hello.at("cache_folder").as_string());
  const int threads = static_cast<int>(hello.at("threads").as_int(1));
  settings.sandbox.read_paths = strings_of(hello.at("readable_paths"));
  settings.engine.readable_paths = settings.sandbox.read_paths;
  for (std::string& path : strings_of(hello.at("given_paths"))) {
    settings.engine.readable_paths.push_back(std::move(path));
  }
  settings.engine.threads = threads;
  settings.engine.memory_bytes = hello.at("engine_memory_bytes").as_uint();
  settings.engine.temp_folder = spill;
  settings.engine.temp_bytes_max = hello.at("spill_bytes_max").as_uint();
  if (!cache.empty()) {
    settings.sandbox.read_paths.push_back(cache);
    settings.engine.readable_paths.push_back(cache);  // rollups
  }
  settings.sandbox.write_folders = {spill};
  settings.sandbox.data_bytes_max = hello.at("data_bytes_max").as_uint();
  settings.sandbox.parent = static_cast<pid_t>(hello.at("parent").as_int());
  settings.sandbox.landlock_required = hello.at("landlock_required").as_bool(true);
  settings.executor.threads = threads;
  settings.executor.spill_folder = spill;
  settings.executor.cache_folder = cache;
  settings.executor.sort_bytes_max = settings.engine.memory_bytes / 2;
  settings.executor.gate = build.gate;
  settings.role = hello.at("role").as_string("query");
  if (settings.role == "ingest" || settings.role == "pull") settings.sandbox.write_folders.clear();
  if (settings.role == "pull") {
    settings.sandbox.connects = true;
    for (const Json& port : hello.at("connect_ports").as_array()) {
      settings.sandbox.connect_ports.push_back(static_cast<std::uint16_t>(port.as_int()));
    }
    settings.sandbox.read_paths.push_back(mysql_plugin_folder());
  }
  return settings;
}

// Memory of this process; the descriptor is opened before the sandbox closes /proc.
class ResidentMemory {
 public:
  ResidentMemory() : statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}
  std::uint64_t bytes() const { return read().resident * page_bytes_; }
  // Without what is mapped from files.
  std::uint64_t anonymous_bytes() const {
    const Pages pages = read();
    return (pages.resident - std::min(pages.shared, pages.resident)) * page_bytes_;
  }

 private:
  struct Pages {
    unsigned long long resident = 0;
    unsigned long long shared = 0;
  };
  Pages read() const {
    char text[128] = {};
    Pages pages;
    unsigned long long total = 0;
    if (::pread(statm_.get(), text, sizeof text - 1, 0) <= 0) return {};
    if (std::sscanf(text, "%llu %llu %llu", &total, &pages.resident, &pages.shared) != 3) return {};
    return pages;
  }

  UniqueFd statm_;
  const std::uint64_t page_bytes_ = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
};

constexpr std::uint64_t kKeptBytes = limits::kBlocksMappedBytesMax + 64 * limits::kMiB;

class Worker {
 public:
  Worker(Channel& channel, std::unique_ptr<Engine> engine, ExecutorOptions options, const ResidentMemory& memory)
      : spill_folder_(options.spill_folder),
        memory_(memory),
        ready_bytes_(memory_.anonymous_bytes()),
        channel_(channel),
        executor_(std::move(engine), channel, std::move(options)) {
    std::thread([this] { serve(); }).detach();
    std::thread([this] { watch(); }).detach();
  }

  // Two threads do this. One reads frames; the one that reads a task lets the other read on (a cancel may come) and
  // runs it itself, because waking another thread for it takes as long as a small task. Ends with the socket; then the
  // process does, with its spill files.
  [[noreturn]] void serve() {
    while (true) {
      std::unique_lock reading(read_mutex_);
      while (!read_frame()) {
      }
      reading.unlock();
      run_task();
    }
  }

 private:
  [[noreturn]] void leave() {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(spill_folder_, error)) {
      std::filesystem::remove_all(entry.path(), error);
    }
    std::_Exit(0);  // threads may be deep inside the engine: nothing is unwound
  }

  // Reads one frame; true where it is a task.
  bool read_frame() {
    auto frame = channel_.read();
    if (!frame) leave();
    if (frame->kind == FrameKind::Taken) {
      channel_.ring().wake();
      return false;
    }
    auto json = Json::parse(frame->payload, 128);
    if (!json) leave();
    std::scoped_lock lock(mutex_);
    switch (frame->kind) {
      case FrameKind::Catalog: catalogs_.push_back(std::move(*json)); return false;
      case FrameKind::Files:
        held_.insert_or_assign(std::string(json->at("dataset").as_string()), std::move(frame->files));
        return false;
      case FrameKind::Task: {
        auto task = task_from_json(*json);
        if (!task) leave();
        task_ = std::move(*task);
        cancel_ = CancelToken();
        return true;
      }
      case FrameKind::Cancel:
        // A task that ended meanwhile is not there to be cancelled.
        if (task_ && task_->id == json->at("id").as_uint()) {
          cancel_.cancel(static_cast<CancelReason>(json->at("reason").as_int(1)));
          channel_.ring().wake();
        }
        return false;
      default: leave();
    }
  }

  void run_task() {
    // The front sends the next task as soon as it has seen the end of this one, which may still be tidying up.
    std::scoped_lock one_at_a_time(run_mutex_);
    Task task;
    CancelToken cancel;
    {
      std::scoped_lock lock(mutex_);
      task = *task_;
      cancel = cancel_;
      for (const Json& catalog : catalogs_) executor_.update_catalog(catalog);
      catalogs_.clear();
      for (auto& [dataset, files] : held_) executor_.hold(dataset, std::move(files));
      held_.clear();
      running_ = true;
    }
    executor_.run(task, cancel);
    {
      std::scoped_lock lock(mutex_);
      if (task_ && task_->id == task.id) task_.reset();
      running_ = task_.has_value();
    }
    release_memory();
  }

  // Gives back what a large task left; after small ones the pages stay, because faulting them in again costs more. What
  // could not be given back (in use, or between what is) does not count again: no small task pays for looking through
  // it.
  void release_memory() {
    const std::uint64_t now_bytes = memory_.anonymous_bytes();
    kept_bytes_ = std::clamp(now_bytes, ready_bytes_, std::max(ready_bytes_, kept_bytes_));
    if (now_bytes < kept_bytes_ + kKeptBytes) return;
    arrow::default_memory_pool()->ReleaseUnused();
    malloc_trim(0);
    kept_bytes_ = memory_.anonymous_bytes();
  }

  // Every 200 ms while a task runs: progress. Every 10 ms while one is cancelled: the engine is asked again, because
  // it forgets an interrupt that came before the statement started. SIGTERM means that the front died.
  void watch() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    int ticks = 0;
    while (true) {
      const timespec tick{0, 10'000'000};
      if (sigtimedwait(&set, nullptr, &tick) == SIGTERM) leave();
      ++ticks;
      bool report = false;
      {
        std::scoped_lock lock(mutex_);
        if (!running_) {
          ticks = 0;
          continue;
        }
        if (cancel_.cancelled()) executor_.interrupt();
        report = ticks % 20 == 0;
      }
      if (report) static_cast<void>(channel_.send(FrameKind::Progress, executor_.progress()));
    }
  }

  std::string spill_folder_;
  const ResidentMemory& memory_;
  std::uint64_t ready_bytes_;
  std::uint64_t kept_bytes_ = 0;  // the least since memory was given back last, but no less than ready_bytes_
  Channel& channel_;
  Executor executor_;
  std::mutex read_mutex_;  // of the thread that reads frames
  std::mutex run_mutex_;   // of the thread that runs a task
  std::mutex mutex_;       // of what follows
  std::optional<Task> task_;
  CancelToken cancel_;
  std::vector<Json> catalogs_;
  std::map<std::string, std::vector<UniqueFd>> held_;  // descriptors that came with them, by dataset
  bool running_ = false;
};

int refuse(Channel& channel, const Error& error) {
  static_cast<void>(channel.send(FrameKind::Failed, to_json(error)));
  return 1;
}

}  // namespace

int run_worker_child(const ChildBuild& build) {
  auto ring = RingMemory::open(kWorkerRingFd);
  if (!ring) return 2;
  ring->close_fd();
  Channel channel(kWorkerSocketFd, std::move(*ring));
  auto hello = channel.read();
  if (!hello || hello->kind != FrameKind::Hello) return 2;
  auto json = Json::parse(hello->payload);
  if (!json) return 2;
  Settings settings = settings_from(*json, build);
  ResidentMemory memory;
  settings.executor.resident_bytes = [&memory] { return memory.bytes(); };
  if (Status status = enter_sandbox(settings.sandbox); !status) return refuse(channel, status.error());

  // From here on nothing is trusted. SIGTERM is taken by one thread; SIGPIPE is an error of write.
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGINT, SIG_IGN);  // a terminal's Ctrl-C is for the front
  mallopt(M_ARENA_MAX, 4);
  static_cast<void>(arrow::SetCpuThreadPoolCapacity(settings.engine.threads));
  RoleWorkerOptions role{settings.role, settings.engine.threads, settings.executor.resident_bytes, nullptr};
  if (settings.role == "ingest") {
    // Blocks of records come and go by the megabyte: their pages are kept until the task is over.
    mallopt(M_MMAP_THRESHOLD, static_cast<int>(32 * limits::kMiB));
    mallopt(M_TRIM_THRESHOLD, static_cast<int>(512 * limits::kMiB));
    mallopt(M_TOP_PAD, static_cast<int>(4 * limits::kMiB));
    serve_role(channel, std::move(role));
  }
  if (settings.role == "pull") serve_role(channel, std::move(role));
  auto engine = open_duckdb(settings.engine);
  if (!engine) return refuse(channel, engine.error());
  if (settings.role == "maintain") {
    role.engine = std::move(*engine);
    serve_role(channel, std::move(role));
  }
  // Static: the process ends without unwinding while other threads run.
  static Worker worker(channel, std::move(*engine), std::move(settings.executor), memory);
  Json ready;
  ready.set("resident_bytes", memory.bytes());
  if (!channel.send(FrameKind::Ready, ready)) return 1;
  worker.serve();
}

}  // namespace canvasback
