#include "worker/run/role_worker.hpp"

#include <arrow/memory_pool.h>
#include <malloc.h>
#include <signal.h>

#include <cstdlib>
#include <deque>
#include <thread>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "task/collection_task.hpp"
#include "task/task.hpp"
#include "worker/child/work_feed.hpp"
#include "worker/roles/ingest/ingest.hpp"
#include "worker/roles/maintain/maintain.hpp"
#include "worker/roles/maintain/pulled_merge.hpp"
#include "worker/roles/pull/pull.hpp"

namespace canvasback {
namespace {

class RoleWorker {
 public:
  RoleWorker(Channel& channel, RoleWorkerOptions options)
      : channel_(channel), options_(std::move(options)), feed_(channel) {}

  [[noreturn]] void serve() {
    std::thread([this] { read_frames(); }).detach();
    std::thread([this] { watch(); }).detach();
    while (true) {
      Task task;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return task_.has_value(); });
        task = *task_;
      }
      run(task);
    }
  }

 private:
  // Everything that comes; the end of the socket is the end of the process, and with it of what it was writing.
  [[noreturn]] void read_frames() {
    while (true) {
      auto frame = channel_.read();
      if (!frame) std::_Exit(0);
      switch (frame->kind) {
        case FrameKind::Input:
        case FrameKind::InputEnd:
        case FrameKind::Files: feed_.put(std::move(*frame)); break;
        case FrameKind::Task: {
          auto json = Json::parse(frame->payload, 128);
          if (!json) std::_Exit(1);
          auto task = task_from_json(*json);
          if (!task) std::_Exit(1);
          std::scoped_lock lock(mutex_);
          feed_.restart();  // the front feeds a task only after it was given
          task_ = std::move(*task);
          cancel_ = CancelToken();
          changed_.notify_all();
          break;
        }
        case FrameKind::Cancel: {
          auto json = Json::parse(frame->payload);
          std::scoped_lock lock(mutex_);
          if (json && task_ && task_->id == json->at("id").as_uint()) {
            cancel_.cancel(static_cast<CancelReason>(json->at("reason").as_int(1)));
          }
          break;
        }
        default: break;
      }
    }
  }

  // SIGTERM means that the front died. A cancelled engine is asked until it has heard. And the front hears that this
  // process still runs, whatever its task waits for.
  void watch() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    std::int64_t told_ns = monotonic_ns();
    while (true) {
      const timespec tick{0, 20'000'000};
      if (sigtimedwait(&set, nullptr, &tick) == SIGTERM) std::_Exit(0);
      bool busy = false;
      {
        std::scoped_lock lock(mutex_);
        busy = task_.has_value();
        if (task_ && cancel_.cancelled() && options_.engine) options_.engine->interrupt();
      }
      if (!busy || monotonic_ns() - told_ns < std::chrono::nanoseconds(limits::kHeartbeatPeriod).count()) continue;
      told_ns = monotonic_ns();
      static_cast<void>(channel_.send(FrameKind::Alive, std::string_view("{}")));
    }
  }

  void run(const Task& task) {
    CancelToken cancel;
    {
      std::scoped_lock lock(mutex_);
      cancel = cancel_;
    }
    Result<Json> result = fail(ErrorCode::DataProcessing, "A task of this kind is not this worker's.");
    try {
      result = run_kind(task, cancel);
    } catch (const std::bad_alloc&) {
      result = fail(ErrorCode::MemoryLimit, "The task needs more memory than a worker has.");
    } catch (const std::exception& error) {
      result = fail(ErrorCode::DataProcessing, "The task failed.", error.what());
    }
    {
      std::scoped_lock lock(mutex_);
      task_.reset();
    }
    if (!result) {
      const Error error = cancel.cancelled() ? cancel.error() : result.error();
      static_cast<void>(channel_.send(FrameKind::Failed, to_json(error)));
    } else {
      static_cast<void>(channel_.send(FrameKind::Done, *result));
    }
    if (options_.resident_bytes() > kTrimAbove) {
      arrow::default_memory_pool()->ReleaseUnused();
      malloc_trim(0);
    }
  }

  Result<Json> run_kind(const Task& task, const CancelToken& cancel) {
    Stopwatch watch;
    Result<Json> out = fail(ErrorCode::DataProcessing, "A task of this kind is not this worker's.");
    if (options_.role == "ingest") {
      if (const auto* ingest = std::get_if<IngestWork>(&task.work)) out = ingested(*ingest, cancel);
    } else if (options_.role == "pull") {
      if (const auto* pull = std::get_if<PullWork>(&task.work)) out = pulled(*pull, cancel);
    } else if (options_.engine) {
      out = maintained(task.work, cancel);
    }
    if (!out) return out;
    out->set("work_ms", watch.elapsed_ms());
    out->set("memory_usage_mb", static_cast<double>(options_.resident_bytes()) / 1e6);
    return out;
  }

  Result<Json> ingested(const IngestWork& work, const CancelToken& cancel) {
    std::int64_t reported_ns = monotonic_ns();
    const auto report = [&](const IngestProgress& progress) {
      const std::int64_t now_ns = monotonic_ns();
      if (now_ns - reported_ns < std::chrono::nanoseconds(limits::kProgressPeriod).count()) return;
      reported_ns = now_ns;
      Json json;
      json.set("rows", progress.records);
      json.set("bytes", progress.bytes);
      static_cast<void>(channel_.send(FrameKind::Progress, json));
    };
    CANVASBACK_ASSIGN(IngestResult result, run_ingest(work, feed_, options_.threads, cancel, report));
    return to_json(result);
  }

  Result<Json> pulled(const PullWork& work, const CancelToken& cancel) {
    CANVASBACK_ASSIGN(const PullOutcome outcome, run_pull(work, feed_, cancel));
    return to_json(outcome);
  }

  Result<Json> maintained(const TaskWork& task_work, const CancelToken& cancel) {
    if (const auto* merge = std::get_if<MergeWork>(&task_work)) {
      CANVASBACK_ASSIGN(auto parts, run_merge(*merge, *options_.engine, feed_, options_.threads, cancel));
      return to_json(parts);
    }
    if (const auto* merge = std::get_if<PulledMergeWork>(&task_work)) {
      CANVASBACK_ASSIGN(const PullOutcome outcome, run_pulled_merge(*merge, feed_, options_.threads, cancel));
      return to_json(outcome);
    }
    if (const auto* keys = std::get_if<KeysWork>(&task_work)) {
      CANVASBACK_TRY(run_keys(*keys, feed_, cancel));
    } else if (const auto* examine = std::get_if<ExamineWork>(&task_work)) {
      CANVASBACK_ASSIGN(auto files, run_examine(*examine, cancel));
      return to_json(files);
    } else if (const auto* check = std::get_if<CheckWork>(&task_work)) {
      CANVASBACK_TRY(run_check(*check, feed_, cancel));
    } else {
      return fail(ErrorCode::DataProcessing, "A task of this kind is not this worker's.");
    }
    return Json(Json::Object{});
  }

  static constexpr std::uint64_t kTrimAbove = 256 * limits::kMiB;

  Channel& channel_;
  RoleWorkerOptions options_;
  WorkFeed feed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Task> task_;
  CancelToken cancel_;
};

}  // namespace

void serve_role(Channel& channel, RoleWorkerOptions options) {
  Json ready;
  ready.set("resident_bytes", options.resident_bytes());
  // Static: the process ends without unwinding while other threads run.
  static RoleWorker worker(channel, std::move(options));
  if (!channel.send(FrameKind::Ready, ready)) std::_Exit(1);
  worker.serve();
}

}  // namespace canvasback
