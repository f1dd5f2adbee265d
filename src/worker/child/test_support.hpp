// For the tests of worker/child: the socket between front and worker, with both ends in one process.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "worker/child/channel.hpp"

namespace canvasback {

class SocketPair {
 public:
  SocketPair() {
    std::signal(SIGPIPE, SIG_IGN);  // as every process of ours has it
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    front_ = UniqueFd(ends[0]);
    worker_ = UniqueFd(ends[1]);
    worker_channel_.emplace(worker_.get(), ring_of(ring_.memory().fd()));
    front_channel_.emplace(front_.get(), ring_of(ring_.memory().fd()));
  }

  Channel& worker() { return *worker_channel_; }
  Channel& front() { return *front_channel_; }
  void close_front() { front_.reset(); }
  void send_raw(std::string_view bytes) {
    EXPECT_EQ(::send(front_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  // The frames that came to the front, up to the one that ends a task; Data frames with the bytes they point to.
  std::vector<Channel::Frame> frames_until_end() {
    std::vector<Channel::Frame> frames;
    while (true) {
      auto frame = front().read();
      if (!frame) {
        ADD_FAILURE() << frame.error().message;
        return frames;
      }
      if (frame->kind == FrameKind::Data || frame->kind == FrameKind::LastData) {
        const RingPiece piece = decode_piece(frame->payload).value();
        frame->payload = ring_.view(piece).value();
        if (ring_.take(piece)) worker().ring().wake();
      }
      frames.push_back(std::move(*frame));
      if (frames.back().kind == FrameKind::Done || frames.back().kind == FrameKind::Failed) return frames;
    }
  }

 private:
  static RingMemory ring_of(int fd) { return RingMemory::open(::dup(fd)).value(); }

  UniqueFd front_;
  UniqueFd worker_;
  RingReader ring_{RingMemory::create().value()};
  std::optional<Channel> worker_channel_;
  std::optional<Channel> front_channel_;
};

}  // namespace canvasback
