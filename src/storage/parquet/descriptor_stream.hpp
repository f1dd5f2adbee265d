// DescriptorStream: an output of Arrow's into a descriptor that somebody else opened and will sync. Full buffers are
// written by a thread of its own, while the next are made: the kernel's copy of a commit's bytes, into pages that it
// has to find first, takes a seventh of the time that records need from text to disk. A file of less than one buffer
// needs no thread.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/limits.hpp"

namespace canvasback {

// Used by one thread. An error of writing is told by a later call, at the latest by Close().
class DescriptorStream final : public arrow::io::OutputStream {
 public:
  static constexpr std::size_t kBufferBytes = 256 * limits::kKiB;
  static constexpr std::size_t kBuffersMax = 4;  // full ones that wait; then the writer does

  // After `write_behind_bytes` the disk is asked to begin with what is there.
  DescriptorStream(int fd, std::size_t write_behind_bytes);
  ~DescriptorStream() override;

  arrow::Status Close() override;
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, std::int64_t bytes) override;
  arrow::Status Flush() override { return arrow::Status::OK(); }  // nobody reads before Close()

  // Whatever is written from now on goes nowhere: the writer's destructor writes a footer.
  void drop();
  // Why a write failed, as errno says it; 0 where none did.
  int error_number();

 private:
  arrow::Status hand_over();
  void write_behind();
  int write_all(std::string_view bytes);
  void begin_writing();

  const int fd_;
  const std::size_t write_behind_bytes_;
  std::int64_t position_ = 0;
  std::string buffer_;
  bool closed_ = false;
  bool dropped_ = false;
  std::thread thread_;  // begun with the first full buffer

  // Of whoever writes: the thread where there is one.
  std::size_t unbegun_ = 0;  // written since the disk was asked

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> full_;     // under the mutex, as all below; the first is being written
  std::vector<std::string> spares_;  // written, and their memory kept
  bool ended_ = false;
  int error_ = 0;
};

}  // namespace canvasback
