#include "server/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace canvasback {

Result<Output> Output::open(const std::string& path) {
  Output output;
  if (path.empty() || path == "-") return output;
  output.path_ = path;
  output.temporary_ = path + ".part";
  output.file_ = UniqueFd(::open(output.temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!output.file_)
    return fail(ErrorCode::InvalidData, fmt::format("{} cannot be written: {}.", path, std::strerror(errno)));
  return output;
}

Output::~Output() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status Output::write(std::string_view bytes) {
  bytes_ += bytes.size();
  if (is_file()) digest_->update(bytes);
  const int fd = path_.empty() ? STDOUT_FILENO : file_.get();
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return fail(ErrorCode::Unavailable, fmt::format("The output cannot be written: {}.", std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status Output::finish() {
  if (path_.empty()) return {};
  file_.reset();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return fail(ErrorCode::Unavailable, fmt::format("{} cannot be written: {}.", path_, std::strerror(errno)));
  }
  temporary_.clear();
  return {};
}

}  // namespace canvasback
