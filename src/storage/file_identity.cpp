#include "storage/file_identity.hpp"

#include <fmt/format.h>

namespace canvasback {
namespace {

std::int64_t ns_of(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

void take_identity(DataFile& file, const struct stat& info) {
  file.bytes = static_cast<std::uint64_t>(info.st_size);
  file.modified_ns = ns_of(info.st_mtim);
  file.changed_ns = ns_of(info.st_ctim);
  file.inode = info.st_ino;
}

bool has_identity(const DataFile& file, const struct stat& info) {
  return S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) == file.bytes &&
         ns_of(info.st_mtim) == file.modified_ns && info.st_ino == file.inode &&
         (ns_of(info.st_ctim) == file.changed_ns || info.st_nlink == 0);
}

Error changed_file(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return Error{ErrorCode::Unavailable, fmt::format("The file {} changed; ask again.", name), path, {}, 1};
}

}  // namespace canvasback
