#include "worker/child/channel.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

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

// As read_exactly, with the descriptors that were sent along with the first byte.
bool read_with_files(int fd, char* out, std::size_t size, std::vector<UniqueFd>& files) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * limits::kWorkerFilesMax)];
  iovec part{out, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      files.emplace_back(file);
    }
  }
  return read_exactly(fd, out + got, size - static_cast<std::size_t>(got));
}

}  // namespace

Result<Channel::Frame> Channel::read() {
  char header[kFrameHeaderBytes];
  std::vector<UniqueFd> files;
  if (!read_with_files(fd_, header, sizeof header, files)) return fail(ErrorCode::Unavailable, "The front is gone.");
  CANVASBACK_ASSIGN(FrameHeader decoded, decode_header({header, sizeof header}));
  Frame frame{decoded.kind, {}, std::move(files)};
  bool whole = false;
  // Not the size that it hands on: libstdc++ 12 says how much there is room for.
  frame.payload.resize_and_overwrite(decoded.payload_bytes, [&](char* out, std::size_t) {
    whole = read_exactly(fd_, out, decoded.payload_bytes);
    return decoded.payload_bytes;
  });
  if (!whole) return fail(ErrorCode::Unavailable, "The front is gone.");
  return frame;
}

Status Channel::send(FrameKind kind, std::string_view payload) {
  const auto header = encode_header(kind, payload.size());
  const std::array parts{std::string_view(header.data(), header.size()), payload};
  std::scoped_lock lock(write_mutex_);
  return write_all(parts);
}

Status Channel::send_end(const RingPiece& data, std::string_view done) {
  const std::string last = make_frame(FrameKind::LastData, encode_piece(data));
  const auto done_header = encode_header(FrameKind::Done, done.size());
  const std::array parts{std::string_view(last), std::string_view(done_header.data(), done_header.size()), done};
  std::scoped_lock lock(write_mutex_);
  return write_all(parts);
}

Status Channel::write_all(std::span<const std::string_view> parts) {
  std::array<iovec, 3> left{};
  std::size_t count = 0;
  for (std::string_view part : parts) {
    if (!part.empty()) left[count++] = {const_cast<char*>(part.data()), part.size()};
  }
  std::size_t at = 0;
  while (at < count) {
    const ssize_t sent = ::writev(fd_, left.data() + at, static_cast<int>(count - at));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return fail(ErrorCode::Unavailable, "The front is gone.", std::strerror(errno));
    for (auto bytes = static_cast<std::size_t>(sent); bytes > 0;) {
      const std::size_t taken = std::min(bytes, left[at].iov_len);
      left[at].iov_base = static_cast<char*>(left[at].iov_base) + taken;
      left[at].iov_len -= taken;
      bytes -= taken;
      if (left[at].iov_len == 0) ++at;
    }
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
  while (!bytes.empty()) {
    if (place_ == nullptr) {
      Stopwatch watch;
      CANVASBACK_ASSIGN(place_, channel_.ring().place(limits::kDataFrameBytes, cancel_));
      blocked_ms_ += watch.elapsed_ms();
    }
    const std::size_t taken = std::min(bytes.size(), limits::kDataFrameBytes - gathered_);
    std::memcpy(place_ + gathered_, bytes.data(), taken);
    gathered_ += taken;
    bytes.remove_prefix(taken);
    if (gathered_ == limits::kDataFrameBytes) CANVASBACK_TRY(flush());
  }
  return {};
}

Status FrameSink::flush() {
  CANVASBACK_TRY(send_head());
  place_ = nullptr;
  return channel_.send(channel_.ring().commit(std::exchange(gathered_, 0)));
}

Status FrameSink::end_with(FrameKind kind, std::string_view payload) {
  if (kind != FrameKind::Done) return channel_.send(kind, payload);
  CANVASBACK_TRY(send_head());
  if (gathered_ == 0) return channel_.send(kind, payload);
  return channel_.send_end(channel_.ring().commit(gathered_), payload);
}

}  // namespace canvasback
