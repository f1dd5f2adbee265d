#include "worker/pool/process_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/limits.hpp"
#include "base/log.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr int kStartFailuresMax = 3;

bool is_parked(const WorkerProcess& process) { return process.task() && process.task()->parked; }

}  // namespace

ProcessSet::ProcessSet(asio::any_io_executor executor, const RoleProfile& profile, WorkerProcess::Callbacks callbacks)
    : executor_(std::move(executor)), profile_(profile) {
  callbacks_.changed = [alive = alive_, changed = std::move(callbacks.changed)](WorkerProcess& process) {
    if (*alive) changed(process);
  };
  callbacks_.block_offered = [alive = alive_, offered = std::move(callbacks.block_offered)](
                                 WorkerProcess& process, const std::string& key, const std::string& path) {
    if (*alive) offered(process, key, path);
  };
  callbacks_.block_used = [alive = alive_, used = std::move(callbacks.block_used)](const std::string& key) {
    if (*alive) used(key);
  };
}

bool ProcessSet::gave_up() const { return start_failures_ >= kStartFailuresMax; }

bool ProcessSet::set_grants(Grants grants) {
  for (auto* paths : {&grants.readable_paths, &grants.given_paths}) {
    std::ranges::sort(*paths);
    const auto [first, last] = std::ranges::unique(*paths);
    paths->erase(first, last);
  }
  if (generation_ > 0 && grants == grants_) return false;
  grants_ = std::move(grants);
  ++generation_;
  start_failures_ = 0;
  for (const auto& process : std::vector(processes_)) process->retire();
  return true;
}

std::shared_ptr<WorkerProcess> ProcessSet::start(std::uint64_t memory_bytes) {
  const int number = next_number_++;
  WorkerSpec spec;
  spec.executable = profile_.executable;
  spec.role = profile_.role;
  spec.readable_paths = grants_.readable_paths;
  spec.given_paths = grants_.given_paths;
  spec.connect_ports = grants_.connect_ports;
  if (profile_.has_cache) spec.cache_folder = profile_.data_folder + "/cache";
  spec.threads = profile_.threads;
  spec.memory_bytes = memory_bytes;
  spec.spill_bytes_max = profile_.spill_bytes_max;
  spec.landlock_required = profile_.landlock_required;
  spec.nice = profile_.nice;
  if (profile_.has_spill_folder) {
    spec.spill_folder = fmt::format("{}/spill/{}-{}", profile_.data_folder, profile_.name, number);
    std::error_code error;
    fs::create_directories(spec.spill_folder, error);
    if (error) {
      start_failure_ = fmt::format("{}: {}", spec.spill_folder, error.message());
      ++start_failures_;
      return nullptr;
    }
  }
  auto process = WorkerProcess::spawn(executor_, number, generation_, std::move(spec), callbacks_);
  if (!process) {
    start_failure_ = process.error().detail;
    ++start_failures_;
    return nullptr;
  }
  ++started_;
  processes_.push_back(*process);
  return *process;
}

void ProcessSet::keep(int count) {
  while (usable() < count && !gave_up()) start(profile_.memory_bytes);
}

std::shared_ptr<WorkerProcess> ProcessSet::start_large() {
  auto process = start(profile_.large_memory_bytes);
  large_ = process;
  return process;
}

int ProcessSet::usable() const {
  return static_cast<int>(std::ranges::count_if(processes_, [&](const auto& process) {
    return process->generation() == generation_ && !process->retiring() && !is_parked(*process);
  }));
}

std::shared_ptr<WorkerProcess> ProcessSet::idle() const {
  const auto large = large_.lock();
  for (const auto& process : processes_) {
    if (process->state() == WorkerProcess::State::Idle && !process->retiring() &&
        process->generation() == generation_ && process != large) {
      return process;
    }
  }
  return nullptr;
}

void clear_spill_folders(const std::string& data_folder) {
  std::error_code error;
  const std::string spill = data_folder + "/spill";
  fs::create_directories(spill, error);
  for (const auto& entry : fs::directory_iterator(spill, error)) {
    const bool is_folder = entry.symlink_status(error).type() == fs::file_type::directory;
    if (is_folder && is_spill_folder(entry.path().filename().string())) fs::remove_all(entry.path(), error);
  }
}

void ProcessSet::note(WorkerProcess& process) {
  if (process.state() == WorkerProcess::State::Dead) {
    if (!process.start_error().message.empty()) {
      ++start_failures_;
      start_failure_ = fmt::format("{} {}", process.start_error().message, process.start_error().detail);
      log::error("a worker of the role {} could not start: {}", profile_.role, start_failure_);
    }
    std::erase_if(processes_, [&](const auto& known) { return known.get() == &process; });
    return;
  }
  if (process.state() != WorkerProcess::State::Idle || process.retiring() || large_.lock().get() == &process) return;
  start_failures_ = 0;
  const bool grown = process.resident_bytes() > process.baseline_bytes() + limits::kIdleGrowthBytesMax;
  const bool surplus = profile_.on_demand && usable() > profile_.processes;
  if (process.generation() != generation_ || grown || surplus) process.retire();
}

}  // namespace canvasback
