#include "server/line_feed.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace canvasback {

Status LineFeed::read() {
  const std::size_t before = pending_.size();
  pending_.resize(before + 256 * limits::kKiB);
  ssize_t got = 0;
  do {
    got = ::read(fd_, pending_.data() + before, pending_.size() - before);
  } while (got < 0 && errno == EINTR);
  pending_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) return fail(ErrorCode::InvalidData, std::string("The input cannot be read: ") + std::strerror(errno));
  ended_ = got == 0;
  return {};
}

Result<bool> LineFeed::wait() {
  pending_.erase(0, std::exchange(given_, 0));
  // A line that is longer than a record may be goes on as it is, here too.
  while (!ended_ && pending_.size() <= limits::kRecordBytesMax && pending_.find('\n') == std::string::npos) {
    CANVASBACK_TRY(read());
  }
  begun_ns_ = monotonic_ns();
  return !pending_.empty();
}

Result<std::string_view> LineFeed::next() {
  pending_.erase(0, std::exchange(given_, 0));
  while (true) {
    if (monotonic_ns() - begun_ns_ > std::chrono::nanoseconds(kBatch).count()) return std::string_view();
    // A line that is longer than a record may be goes on as it is: it is refused there.
    const std::size_t line = pending_.rfind('\n');
    if (line != std::string::npos || ended_ || pending_.size() > limits::kRecordBytesMax) {
      given_ = line != std::string::npos ? line + 1 : pending_.size();
      return std::string_view(pending_).substr(0, given_);
    }
    pollfd waited{fd_, POLLIN, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(kIdle.count()));
    if (ready == 0) return std::string_view();
    if (ready > 0) CANVASBACK_TRY(read());
  }
}

}  // namespace canvasback
