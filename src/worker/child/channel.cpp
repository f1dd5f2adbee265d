#include "worker/child/channel.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace canvasback {
namespace {

// True when all of `size` bytes came.
bool read_exactly(int fd, char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(fd, out, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

Result<Channel::Frame> Channel::read() {
  char header[kFrameHeaderBytes];
  if (!read_exactly(fd_, header, sizeof header)) return fail(ErrorCode::Unavailable, "The front is gone.");
  CANVASBACK_ASSIGN(FrameHeader decoded, decode_header({header, sizeof header}));
  Frame frame{decoded.kind, std::string(decoded.payload_bytes, '\0')};
  if (!read_exactly(fd_, frame.payload.data(), frame.payload.size())) {
    return fail(ErrorCode::Unavailable, "The front is gone.");
  }
  return frame;
}

Status Channel::send(FrameKind kind, std::string_view payload) {
  const auto header = encode_header(kind, payload.size());
  std::scoped_lock lock(write_mutex_);
  if (payload.size() <= limits::kKiB) {
    std::string joined(header.data(), header.size());
    joined += payload;
    return write_all(joined);
  }
  iovec parts[2] = {{const_cast<char*>(header.data()), header.size()},
                    {const_cast<char*>(payload.data()), payload.size()}};
  ssize_t sent = -1;
  do {
    sent = ::writev(fd_, parts, 2);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return fail(ErrorCode::Unavailable, "The front is gone.", std::strerror(errno));
  auto done = static_cast<std::size_t>(sent);
  if (done < header.size()) {
    CANVASBACK_TRY(write_all({header.data() + done, header.size() - done}));
    done = header.size();
  }
  return write_all(payload.substr(done - header.size()));
}

Status Channel::send_pair(FrameKind first, std::string_view first_payload, FrameKind second,
                          std::string_view second_payload) {
  std::string joined = make_frame(first, first_payload);
  joined += make_frame(second, second_payload);
  std::scoped_lock lock(write_mutex_);
  return write_all(joined);
}

Status Channel::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd_, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return fail(ErrorCode::Unavailable, "The front is gone.", std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Status FrameSink::send_head() {
  if (started_) return {};
  started_ = true;
  return head_.is_null() ? Status() : channel_.send(FrameKind::Head, head_);
}

Status FrameSink::write(std::string_view bytes) {
  CANVASBACK_TRY(cancel_.check());
  bytes_ += bytes.size();
  if (buffer_.size() + bytes.size() < limits::kDataFrameBytes) {
    buffer_ += bytes;
    return {};
  }
  CANVASBACK_TRY(flush());
  if (bytes.size() < limits::kDataFrameBytes) {
    buffer_ = bytes;
    return {};
  }
  Stopwatch watch;
  CANVASBACK_TRY(send_head());
  for (std::size_t at = 0; at < bytes.size(); at += limits::kMiB) {
    CANVASBACK_TRY(cancel_.check());
    CANVASBACK_TRY(channel_.send(FrameKind::Data, bytes.substr(at, limits::kMiB)));
  }
  blocked_ms_ += watch.elapsed_ms();
  return {};
}

Status FrameSink::flush() {
  if (buffer_.empty()) return {};
  Stopwatch watch;
  CANVASBACK_TRY(send_head());
  CANVASBACK_TRY(channel_.send(FrameKind::Data, std::string_view(buffer_)));
  buffer_.clear();
  blocked_ms_ += watch.elapsed_ms();
  return {};
}

Status FrameSink::end_with(FrameKind kind, std::string_view payload) {
  if (kind != FrameKind::Done || buffer_.empty()) {
    if (kind == FrameKind::Done) CANVASBACK_TRY(send_head());
    return channel_.send(kind, payload);
  }
  CANVASBACK_TRY(send_head());
  return channel_.send_pair(FrameKind::Data, buffer_, kind, payload);
}

}  // namespace canvasback
