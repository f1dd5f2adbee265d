// Faults of the disk for the program under test, chosen by its environment (tests/crash/crash.py):
//
//   CANVASBACK_FAULT=OPERATION:N:ACTION   at the Nth OPERATION (or `any`): kill, loss, EIO or ENOSPC
//   CANVASBACK_FAULT=create:N:ENOSPC+     from the Nth on: a disk that is full and stays so
//   CANVASBACK_FAULT=create:N:FULL        the Nth file that is made takes no bytes: whoever writes to it meets ENOSPC
//   CANVASBACK_SKIP=OPERATION             that operation is never done and says that it was: the mutation check
//   CANVASBACK_TRACE=FILE                 every operation that succeeded is a line there, in their order: its name, the
//                                         path, and of a rename the new path, with tabs between
//
// `loss` is a power cut: names that were changed and whose folder was not synced go back, every second of the files
// that were removed without that is there again, and bytes of files that were not synced are gone; then the process is
// killed.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "storage/file.hpp"

namespace canvasback {

void install_test_faults();

namespace {

class Disk {
 public:
  void read_environment() {
    if (const char* skip = std::getenv("CANVASBACK_SKIP")) skipped_ = skip;
    if (const char* trace = std::getenv("CANVASBACK_TRACE")) {
      trace_ = ::open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
      if (trace_ < 0) std::abort();
    }
    const char* fault = std::getenv("CANVASBACK_FAULT");
    if (fault == nullptr) return;
    const auto parts = split(fault, ':');
    if (parts.size() != 3) std::abort();
    operation_ = parts[0];
    left_ = std::atoi(parts[1].c_str());
    action_ = parts[2];
  }

  std::optional<int> before(const file::Operation& operation) {
    std::scoped_lock lock(mutex_);
    const auto answer = fault_at(operation);
    if (!answer && operation.name == "remove") keep(operation.path);
    return answer;
  }

  std::optional<int> fault_at(const file::Operation& operation) {
    if (operation.name == skipped_) return 0;
    if (left_ <= 0 || (operation_ != "any" && operation.name != operation_) || --left_ > 0) return std::nullopt;
    std::fprintf(stderr, "fault: %s at %s %s\n", action_.c_str(), std::string(operation.name).c_str(),
                 operation.path.c_str());
    if (action_ == "ENOSPC+") {
      left_ = 1;  // and so the next one, too
      return ENOSPC;
    }
    if (action_ == "FULL") {
      full_next_ = true;
      return std::nullopt;
    }
    if (action_ == "EIO") return EIO;
    if (action_ == "ENOSPC") return ENOSPC;
    if (action_ == "loss") lose();  // before the operation at hand
    ::kill(::getpid(), SIGKILL);
    return EIO;
  }

  void after(const file::Operation& operation) {
    std::scoped_lock lock(mutex_);
    namespace fs = std::filesystem;
    trace(operation);
    if (operation.name == "create") unsynced_.insert(operation.path);
    if (std::exchange(full_next_, false)) {
      const int full = ::open("/dev/full", O_RDWR | O_CLOEXEC);
      if (::dup3(full, operation.fd, O_CLOEXEC) < 0) std::abort();
      ::close(full);
    }
    if (operation.name == "sync") unsynced_.erase(operation.path);
    if (operation.name == "rename") {
      if (unsynced_.erase(operation.path) > 0) unsynced_.insert(operation.target);
      renamed_[fs::path(operation.target).parent_path().string()][operation.target] = operation.path;
    }
    if (operation.name == "sync_folder") {
      renamed_.erase(operation.path);
      for (const auto& [path, kept] : removed_[operation.path]) ::unlink(kept.c_str());
      removed_.erase(operation.path);
    }
  }

 private:
  // One write for a line: whoever reads the file meanwhile sees whole lines.
  void trace(const file::Operation& operation) const {
    if (trace_ < 0) return;
    std::string line = std::string(operation.name) + "\t" + operation.path;
    if (!operation.target.empty()) line += "\t" + operation.target;
    line += "\n";
    if (::write(trace_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

  // A second name for a file that is removed, out of the program's sight, until that is synced.
  void keep(const std::string& path) {
    namespace fs = std::filesystem;
    const fs::path folder = fs::path(path).parent_path();
    const fs::path place = folder.parent_path() / ".removed";
    std::error_code error;
    if (removed_count_ == 0) fs::remove_all(place, error);
    fs::create_directory(place, error);
    const std::string kept = place / std::to_string(removed_count_++);
    if (::link(path.c_str(), kept.c_str()) == 0) removed_[folder.string()].emplace_back(path, kept);
  }

  void lose() {
    for (const std::string& path : unsynced_) {
      std::error_code error;
      const auto size = std::filesystem::file_size(path, error);
      if (!error) std::filesystem::resize_file(path, size / 2, error);
    }
    for (const auto& [folder, names] : renamed_) {
      for (const auto& [to, from] : names) std::rename(to.c_str(), from.c_str());
    }
    bool back = true;
    for (const auto& [folder, files] : removed_) {
      for (const auto& [path, kept] : files) {
        if (back) ::link(kept.c_str(), path.c_str());
        back = !back;
      }
    }
  }

  std::mutex mutex_;
  std::string skipped_;
  std::string operation_;
  std::string action_;
  int left_ = 0;
  int trace_ = -1;
  bool full_next_ = false;
  std::set<std::string> unsynced_;
  std::map<std::string, std::map<std::string, std::string>> renamed_;                // folder → new name → old one
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> removed_;  // folder → path, what keeps it
  int removed_count_ = 0;
};

}  // namespace

void install_test_faults() {
  static Disk disk;
  disk.read_environment();
  file::install_faults([](const file::Operation& operation) { return disk.before(operation); });
  file::install_observer([](const file::Operation& operation) { disk.after(operation); });
}

}  // namespace canvasback
