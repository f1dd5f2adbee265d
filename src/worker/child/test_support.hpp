// For the tests of worker/child: the socket between front and worker, with both ends in one process.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
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
  }

  int worker() const { return worker_.get(); }
  int front() const { return front_.get(); }
  void close_front() { front_.reset(); }
  void send_raw(std::string_view bytes) {
    EXPECT_EQ(::send(front_.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  // The frames that came to the front, up to the one that ends a task.
  std::vector<Channel::Frame> frames_until_end() {
    Channel channel(front_.get());
    std::vector<Channel::Frame> frames;
    while (true) {
      auto frame = channel.read();
      if (!frame) {
        ADD_FAILURE() << frame.error().message;
        return frames;
      }
      frames.push_back(std::move(*frame));
      if (frames.back().kind == FrameKind::Done || frames.back().kind == FrameKind::Failed) return frames;
    }
  }

 private:
  UniqueFd front_;
  UniqueFd worker_;
};

}  // namespace canvasback
