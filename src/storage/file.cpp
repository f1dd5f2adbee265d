#include "storage/file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/write_all.hpp"

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

// Runs one system call, unless a test wants otherwise. `call` gives 0 or -1 with errno. Gives the error's number or 0.
template <class Call>
int attempt(const Operation& operation, Call call) {
  if (faults()) {
    if (const auto instead = faults()(operation)) return *instead;
  }
  if (call() != 0) return errno;
  if (observer()) observer()(operation);
  return 0;
}

template <class Call>
Status run(const Operation& operation, std::string_view what, Call call) {
  if (const int error = attempt(operation, call); error != 0) {
    return std::unexpected(error_from(error, what, operation.path));
  }
  return {};
}

int attempt_rename(const std::string& from, const std::string& to) {
  return attempt({"rename", from, to}, [&] {
    errno = rename_to_new(from, to);
    return errno == 0 ? 0 : -1;
  });
}

Status renamed(int error, const std::string& from, const std::string& to) {
  if (error == 0) return {};
  if (error != EEXIST) return std::unexpected(error_from(error, "renamed", from));
  const std::string name = to.substr(to.rfind('/') + 1);
  return fail(ErrorCode::Unavailable, fmt::format("The file {} already exists and is not overwritten.", name),
              fmt::format("{} to {}", from, to));
}

// All bytes of one file behind those of another.
Status copy_bytes(int from, int to, const std::string& from_path, const std::string& to_path) {
  std::string buffer(256 * 1024, '\0');
  while (true) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(error_from(errno, "read", from_path));
    if (got == 0) return {};
    CANVASBACK_TRY(write(to, std::string_view(buffer).substr(0, static_cast<std::size_t>(got)), to_path));
  }
}

// A copy that is on the disk, with the time of the file, under a name that is not final.
Status copy_synced(const std::string& from, const std::string& temporary) {
  const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!source || ::fstat(source.get(), &info) != 0) return std::unexpected(error_from(errno, "read", from));
  CANVASBACK_TRY(remove(temporary));
  CANVASBACK_ASSIGN(const UniqueFd target, create(temporary));
  Status copied = copy_bytes(source.get(), target.get(), from, temporary);
  const timespec times[2] = {info.st_atim, info.st_mtim};
  if (copied && ::futimens(target.get(), times) != 0) {
    copied = std::unexpected(error_from(errno, "written", temporary));
  }
  if (copied) copied = sync(target.get(), temporary);
  if (!copied) ::unlink(temporary.c_str());
  return copied;
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

Status write(int fd, std::string_view bytes, const std::string& path) {
  if (const int error = write_all(fd, bytes); error != 0) return std::unexpected(error_from(error, "written", path));
  return {};
}

Status sync(int fd, const std::string& path) {
  return run({"sync", path, {}, fd}, "synced", [&] { return ::fsync(fd); });
}

Result<std::string> read(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::unexpected(error_from(errno, "opened", path));
  std::string out;
  std::array<char, 16384> piece;
  while (true) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got == 0) return out;
    if (got > 0) out.append(piece.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR) return std::unexpected(error_from(errno, "read", path));
  }
}

Status sync_by_name(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) return sync(fd.get(), path);
  return errno == ENOENT ? Status() : std::unexpected(error_from(errno, "opened", path));
}

// renameat2() by its number: the C library that we build for has no name for it.
int rename_to_new(const std::string& from, const std::string& to) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system that knows no such flag. A link is never made over a file either.
  struct stat info {};
  if (::lstat(from.c_str(), &info) != 0) return errno;
  if (!S_ISDIR(info.st_mode)) {
    if (::link(from.c_str(), to.c_str()) != 0) return errno;
    return ::unlink(from.c_str()) == 0 ? 0 : errno;
  }
  // An empty folder is the only thing that a folder's rename replaces.
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

Status rename(const std::string& from, const std::string& to) { return renamed(attempt_rename(from, to), from, to); }

Status rename_over(const std::string& from, const std::string& to) {
  return run({"rename", from, to}, "renamed", [&] { return ::rename(from.c_str(), to.c_str()); });
}

Status exchange(const std::string& one, const std::string& other) {
  return run({"rename", one, other}, "renamed", [&] {
    return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE));
  });
}

Status move(const std::string& from, const std::string& to) {
  const int error = attempt_rename(from, to);
  if (error != EXDEV) return renamed(error, from, to);
  const std::filesystem::path target(to);
  const std::string folder = target.parent_path().string();
  const std::string temporary = fmt::format("{}/{}{}", folder, kMovedPrefix, target.filename().string());
  CANVASBACK_TRY(copy_synced(from, temporary));
  if (Status named = rename(temporary, to); !named) {
    ::unlink(temporary.c_str());
    return named;
  }
  CANVASBACK_TRY(sync_folder(folder));
  return remove(from);
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
  Status status = write(fd.get(), bytes, temporary);
  if (status) status = sync(fd.get(), temporary);
  if (status) status = rename_over(temporary, path);
  if (status) return sync_folder(std::filesystem::path(path).parent_path().string());
  ::unlink(temporary.c_str());
  return status;
}

}  // namespace canvasback::file
