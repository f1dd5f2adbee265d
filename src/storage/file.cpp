#include "storage/file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>

namespace canvasback::file {
namespace {

Faults& faults() {
  static Faults installed;
  return installed;
}

std::function<void(const Operation&)>& observer() {
  static std::function<void(const Operation&)> installed;
  return installed;
}

// Runs one system call, unless a test wants otherwise. `call` gives 0 or -1 with errno.
template <class Call>
Status run(const Operation& operation, std::string_view what, Call call) {
  if (faults()) {
    if (const auto instead = faults()(operation)) {
      if (*instead == 0) return {};
      return std::unexpected(error_from(*instead, what, operation.path));
    }
  }
  if (call() != 0) return std::unexpected(error_from(errno, what, operation.path));
  if (observer()) observer()(operation);
  return {};
}

}  // namespace

void install_faults(Faults hook) { faults() = std::move(hook); }
void install_observer(std::function<void(const Operation&)> hook) { observer() = std::move(hook); }

Error error_from(int error_number, std::string_view what, const std::string& path) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  return Error{full ? ErrorCode::StorageLimit : ErrorCode::Unavailable,
               full ? "The disk is full." : fmt::format("A file could not be {}.", what),
               fmt::format("{}: {}", path, std::strerror(error_number)),
               {},
               full ? 5 : 0};
}

Result<UniqueFd> create(const std::string& path) {
  UniqueFd fd;
  Operation operation{"create", path};
  CANVASBACK_TRY(run(operation, "made", [&] {
    fd = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    operation.fd = fd.get();
    return fd ? 0 : -1;
  }));
  return fd;
}

Status sync(int fd, const std::string& path) {
  return run({"sync", path, {}, fd}, "synced", [&] { return ::fsync(fd); });
}

Status rename(const std::string& from, const std::string& to) {
  return run({"rename", from, to}, "renamed", [&] { return ::rename(from.c_str(), to.c_str()); });
}

Status sync_folder(const std::string& path) {
  return run({"sync_folder", path}, "synced", [&] {
    UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder ? ::fsync(folder.get()) : -1;
  });
}

Status make_folder(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (!parent.empty() && parent != path) CANVASBACK_TRY(make_folder(parent));
  CANVASBACK_TRY(
      run({"make_folder", path}, "made", [&] { return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST ? 0 : -1; }));
  return parent.empty() ? Status() : sync_folder(parent);
}

Status remove(const std::string& path) {
  return run({"remove", path}, "removed", [&] { return ::unlink(path.c_str()) == 0 || errno == ENOENT ? 0 : -1; });
}

Status replace(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  CANVASBACK_TRY(remove(temporary));
  CANVASBACK_ASSIGN(UniqueFd fd, create(temporary));
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t written = ::write(fd.get(), bytes.data() + at, bytes.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return std::unexpected(error_from(errno, "written", temporary));
    at += static_cast<std::size_t>(written);
  }
  CANVASBACK_TRY(sync(fd.get(), temporary));
  CANVASBACK_TRY(rename(temporary, path));
  return sync_folder(std::filesystem::path(path).parent_path().string());
}

}  // namespace canvasback::file
