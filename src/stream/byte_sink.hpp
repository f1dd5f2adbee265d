// ByteSink: where finished bytes go, in order. Contract: write()* then exactly one of finish() or abandon().
// write() may block (backpressure) and fails once the reader is gone or the task is cancelled. finish() says the
// bytes are complete; abandon() says they are not, and the reader will be able to tell. Single-threaded.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Status write(std::string_view bytes) = 0;
  virtual Status finish() = 0;
  virtual void abandon() = 0;
};

// Collects into a string: for tests and small answers.
class StringSink final : public ByteSink {
 public:
  Status write(std::string_view bytes) override {
    bytes_ += bytes;
    return {};
  }
  Status finish() override {
    finished_ = true;
    return {};
  }
  void abandon() override { abandoned_ = true; }
  const std::string& bytes() const { return bytes_; }
  bool finished() const { return finished_; }
  bool abandoned() const { return abandoned_; }

 private:
  std::string bytes_;
  bool finished_ = false;
  bool abandoned_ = false;
};

}  // namespace canvasback
