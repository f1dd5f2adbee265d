// Faults of the disk for the program under test, chosen by its environment (tests/crash/crash.py):
//
//   CANVASBACK_FAULT=OPERATION:N:ACTION   at the Nth OPERATION (or `any`): kill, loss, EIO or ENOSPC
//   CANVASBACK_FAULT=create:N:FULL        the Nth file that is made takes no bytes: whoever writes to it meets ENOSPC
//   CANVASBACK_SKIP=OPERATION             that operation is never done and says that it was: the mutation check
//
// `loss` is a power cut: names that were changed and whose folder was not synced go back, bytes of files that were not
// synced are gone; then the process is killed.
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

#include "base/text.hpp"
#include "storage/file.hpp"

namespace canvasback {

void install_test_faults();

namespace {

class Disk {
 public:
  void read_environment() {
    if (const char* skip = std::getenv("CANVASBACK_SKIP")) skipped_ = skip;
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
    if (operation.name == skipped_) return 0;
    if (left_ <= 0 || (operation_ != "any" && operation.name != operation_) || --left_ > 0) return std::nullopt;
    std::fprintf(stderr, "fault: %s at %s %s\n", action_.c_str(), std::string(operation.name).c_str(),
                 operation.path.c_str());
    if (action_ == "FULL") {
      full_next_ = true;
      return std::nullopt;
    }
    if (action_ == "EIO") return EIO;
    if (action_ == "ENOSPC") return ENOSPC;
    if (action_ == "loss") lose();
    ::kill(::getpid(), SIGKILL);
    return EIO;
  }

  void after(const file::Operation& operation) {
    std::scoped_lock lock(mutex_);
    namespace fs = std::filesystem;
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
    if (operation.name == "sync_folder") renamed_.erase(operation.path);
  }

 private:
  void lose() {
    for (const std::string& path : unsynced_) {
      std::error_code error;
      const auto size = std::filesystem::file_size(path, error);
      if (!error) std::filesystem::resize_file(path, size / 2, error);
    }
    for (const auto& [folder, names] : renamed_) {
      for (const auto& [to, from] : names) std::rename(to.c_str(), from.c_str());
    }
  }

  std::mutex mutex_;
  std::string skipped_;
  std::string operation_;
  std::string action_;
  int left_ = 0;
  bool full_next_ = false;
  std::set<std::string> unsynced_;
  std::map<std::string, std::map<std::string, std::string>> renamed_;  // folder → new name → old one
};

}  // namespace

void install_test_faults() {
  static Disk disk;
  disk.read_environment();
  file::install_faults([](const file::Operation& operation) { return disk.before(operation); });
  file::install_observer([](const file::Operation& operation) { disk.after(operation); });
}

}  // namespace canvasback
