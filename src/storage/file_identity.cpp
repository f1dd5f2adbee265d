#include "storage/file_identity.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {
namespace {

std::int64_t ns_of(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

constexpr std::uint64_t kEdgeBytes = 64 * limits::kKiB;

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

Result<std::string> file_edges(const std::string& path, std::uint64_t bytes) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  Sha256 digest;
  std::string edge(std::min(bytes, kEdgeBytes), '\0');
  for (const std::uint64_t begin : {std::uint64_t{0}, bytes - edge.size()}) {
    for (std::size_t at = 0; at < edge.size();) {
      const ssize_t got = ::pread(fd.get(), edge.data() + at, edge.size() - at, static_cast<off_t>(begin + at));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return std::unexpected(changed_file(path));
      at += static_cast<std::size_t>(got);
    }
    digest.update(edge);
  }
  return digest.hex();
}

bool has_grown(const DataFile& file, const std::string& edges, const struct stat& info) {
  if (edges.empty() || !S_ISREG(info.st_mode) || info.st_ino != file.inode) return false;
  if (static_cast<std::uint64_t>(info.st_size) <= file.bytes) return false;
  const auto now = file_edges(file.path, file.bytes);
  return now && *now == edges;
}

Error changed_file(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return Error{ErrorCode::Unavailable, fmt::format("The file {} changed; ask again.", name), path, {}, 1};
}

}  // namespace canvasback
