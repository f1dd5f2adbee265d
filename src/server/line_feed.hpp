// LineFeed: lines that come on a descriptor, a pipe that somebody writes to now and then, in batches: one ends where
// nothing comes for a second, or after ten. Each batch is a request of its own, so what was read is kept soon after it
// was written. Blocking.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

class LineFeed {
 public:
  explicit LineFeed(int fd) : fd_(fd) {}

  // Waits for the first line of a batch; false where no more will come. Errors: InvalidData where it cannot be read.
  Result<bool> wait();
  // Whole lines of the batch, valid until the next call; empty at its end.
  Result<std::string_view> next();

 private:
  Status read();

  static constexpr std::chrono::milliseconds kIdle{1000};
  static constexpr std::chrono::seconds kBatch{10};

  int fd_;
  std::string pending_;
  std::size_t given_ = 0;  // of pending_, taken with the last call
  std::int64_t begun_ns_ = 0;
  bool ended_ = false;
};

}  // namespace canvasback
