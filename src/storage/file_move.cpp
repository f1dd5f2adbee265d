#include "storage/file_move.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/limits.hpp"
#include "storage/file.hpp"

namespace canvasback::file {
namespace {

Status copy_bytes(int from, int to, const std::string& path) {
  std::string piece(limits::kMiB, '\0');
  while (true) {
    const ssize_t got = ::read(from, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(error_from(errno, "read", path));
    if (got == 0) return {};
    for (ssize_t done = 0; done < got;) {
      const ssize_t written = ::write(to, piece.data() + done, static_cast<std::size_t>(got - done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return std::unexpected(error_from(written < 0 ? errno : EIO, "written", path));
      done += written;
    }
  }
}

Status copy_file(const std::string& from, const std::string& to, const struct stat& info) {
  UniqueFd source(::open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!source) return std::unexpected(error_from(errno, "opened", from));
  CANVASBACK_ASSIGN(const UniqueFd target, create(to));
  CANVASBACK_TRY(copy_bytes(source.get(), target.get(), to));
  const timespec times[2] = {info.st_atim, info.st_mtim};
  static_cast<void>(::futimens(target.get(), times));
  return sync(target.get(), to);
}

}  // namespace

Status move(const std::string& from, const std::string& to) {
  struct stat source {};
  struct stat folder {};
  const std::string into = std::filesystem::path(to).parent_path().string();
  if (::lstat(from.c_str(), &source) != 0) return std::unexpected(error_from(errno, "read", from));
  if (::stat(into.c_str(), &folder) != 0) return std::unexpected(error_from(errno, "read", into));
  if (source.st_dev == folder.st_dev) return rename(from, to);
  const std::string copy = fmt::format("{}/.writing-{}.tmp", into, source.st_ino);
  CANVASBACK_TRY(remove(copy));
  if (Status status = copy_file(from, copy, source); !status) {
    ::unlink(copy.c_str());
    return status;
  }
  CANVASBACK_TRY(rename(copy, to));
  CANVASBACK_TRY(sync_folder(into));
  return remove(from);
}

}  // namespace canvasback::file
