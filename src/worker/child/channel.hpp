// Channel: the worker's end of its socket and of the ring. One thread reads frames; any thread may send, a frame is
// never torn. Blocking, which is the backpressure: a slow client stops the task that writes, nothing else.
// FrameSink puts an answer's bytes into the ring and says where in Data frames, small writes gathered up to
// limits::kDataFrameBytes.
#pragma once

#include <atomic>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/unique_fd.hpp"
#include "stream/byte_sink.hpp"
#include "task/byte_ring.hpp"
#include "task/frame.hpp"

namespace canvasback {

class Channel {
 public:
  // fd stays the caller's.
  Channel(int fd, RingMemory ring) : fd_(fd), ring_(std::move(ring)) {}

  struct Frame {
    FrameKind kind;
    std::string payload;
    std::vector<UniqueFd> files = {};  // that came along
  };
  // The next frame; Unavailable at the end of the socket (the front is gone).
  Result<Frame> read();
  Status send(FrameKind kind, std::string_view payload);
  Status send(FrameKind kind, const Json& payload) { return send(kind, std::string_view(payload.dump())); }
  Status send(const RingPiece& data) { return send(FrameKind::Data, std::string_view(encode_piece(data))); }
  // LastData and Done in one write: the rest of an answer and the end of its task arrive together.
  Status send_end(const RingPiece& data, std::string_view done);
  RingWriter& ring() { return ring_; }

 private:
  Status write_all(std::span<const std::string_view> parts);

  int fd_;
  RingWriter ring_;
  std::mutex write_mutex_;
};

class FrameSink final : public ByteSink {
 public:
  FrameSink(Channel& channel, CancelToken cancel) : channel_(channel), cancel_(std::move(cancel)) {}

  // Sent before the first data frame, once.
  void set_head(Json head) { head_ = std::move(head); }

  Status write(std::string_view bytes) override;
  Status finish() override { return {}; }  // the task's own end frame takes what is left along
  void abandon() override { gathered_ = 0; }

  // Sends what is gathered, and the frame that ends the task behind it.
  Status end_with(FrameKind kind, std::string_view payload);

  bool started() const { return started_; }
  std::uint64_t bytes() const { return bytes_; }
  double blocked_ms() const { return blocked_ms_; }

 private:
  Status send_head();
  Status flush();

  Channel& channel_;
  CancelToken cancel_;
  Json head_;
  char* place_ = nullptr;     // in the ring, of limits::kDataFrameBytes
  std::size_t gathered_ = 0;  // bytes there, not yet sent
  bool started_ = false;
  std::atomic<std::uint64_t> bytes_ = 0;  // read by the progress thread
  double blocked_ms_ = 0;
};

}  // namespace canvasback
