#include "server/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"
#include "base/write_all.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kReaderGone = "Nobody reads the output any more.";
constexpr int kLinksMax = 40;
constexpr mode_t kPermissions = 07777;

std::unexpected<Error> cannot_open(const std::string& path) {
  return fail(ErrorCode::InvalidData, fmt::format("{} cannot be written: {}.", path, std::strerror(errno)));
}

std::unexpected<Error> cannot_write(const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return fail(full ? ErrorCode::StorageLimit : ErrorCode::Unavailable,
              fmt::format("{} cannot be written: {}.", path.empty() ? "The output" : path, std::strerror(error)));
}

// The descriptor of this process that a path names; -1: none. Opening it anew would write to its file's beginning.
int descriptor_of(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const auto number = parse_integer(path.substr(folder.size()), "the descriptor", 0, INT32_MAX);
    if (number) return static_cast<int>(*number);
  }
  return -1;
}

// What a chain of symbolic links leads to; it may not be there.
Result<std::string> behind_links(const std::string& given) {
  fs::path path = given;
  for (int links = 0; links < kLinksMax; ++links) {
    std::error_code error;
    if (!fs::is_symlink(fs::symlink_status(path, error))) return path.string();
    const fs::path next = fs::read_symlink(path, error);
    if (error) break;
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  errno = ELOOP;
  return cannot_open(given);
}

}  // namespace

Result<Output> Output::open(const std::string& path, Options options) {
  Output output;
  if (path.empty() || path == "-") return output;
  const int descriptor = descriptor_of(path);
  if (descriptor == STDOUT_FILENO) return output;
  output.path_ = path;
  output.sync_ = options.sync;
  if (descriptor >= 0) {
    output.file_ = UniqueFd(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
    if (!output.file_) return cannot_open(path);
    return output;
  }
  CANVASBACK_ASSIGN(const std::string target, behind_links(path));
  struct stat info {};
  const bool exists = ::stat(target.c_str(), &info) == 0;
  if (!exists && errno != ENOENT) return cannot_open(path);
  if (exists) {
    // Of a regular file this shows only that it may be written.
    output.file_ = UniqueFd(::open(target.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
    if (!output.file_) return cannot_open(path);
    if (!S_ISREG(info.st_mode)) return output;
  }
  output.target_ = target;
  CANVASBACK_TRY(output.open_temporary(options));
  if (exists) {
    // Bits that lend the owner's rights do not pass to a file of another owner.
    const bool owned = ::fchown(output.file_.get(), info.st_uid, info.st_gid) == 0;
    ::fchmod(output.file_.get(), info.st_mode & (owned ? kPermissions : 0777));
  }
  return output;
}

Status Output::open_temporary(const Options& options) {
  constexpr std::size_t kNameKept = 200;
  const std::size_t slash = target_.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : target_.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? target_ : target_.substr(slash + 1);
  const std::string temporary =
      fmt::format("{}.{}.{}{}", folder, name.substr(0, kNameKept), random_hex(8), options.unfinished);
  undo_ = std::make_unique<OnInterrupt>([temporary] { ::unlink(temporary.c_str()); });
  file_ = UniqueFd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file_) return cannot_open(path_);
  temporary_ = temporary;
  return {};
}

Output::~Output() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status Output::write(std::string_view bytes) {
  if (!is_file()) {
    bytes_ += bytes.size();
    return print(bytes);
  }
  bytes_ += bytes.size();
  digest_->update(bytes);
  if (const int error = write_all(file_.get(), bytes); error != 0) return cannot_write(path_, error);
  return {};
}

Status Output::finish() {
  if (!is_file()) return {};
  if (sync_ && !target_.empty()) CANVASBACK_TRY(file::sync(file_.get(), path_));
  // Some file systems say only here that there was no room.
  if (::close(file_.release()) != 0) return cannot_write(path_, errno);
  if (target_.empty()) return {};
  if (sync_) {
    CANVASBACK_TRY(file::rename_over(temporary_, target_));
  } else if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    return cannot_write(path_, errno);
  }
  temporary_.clear();
  undo_.reset();
  return sync_ ? file::sync_folder(fs::absolute(target_).parent_path().string()) : Status();
}

Status print(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error == 0) return {};
  if (error == EPIPE) return fail(ErrorCode::Unavailable, std::string(kReaderGone));
  return cannot_write({}, error);
}

bool is_reader_gone(const Error& error) { return error.message == kReaderGone; }

}  // namespace canvasback
