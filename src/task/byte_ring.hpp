// ByteRing: memory that the front and one worker share, through which the bytes of answers go. The worker writes them
// once, the front hands them to the client's socket from where they lie: no copy through the socket pair, whose frames
// only say where the bytes are.
//
//   worker   place() … write … commit() → Piece, sent in a Data frame
//   front    view(Piece) … to the client … take(Piece): the place is free again
//
// Positions count bytes from the start of the worker's life and never go back; the place of a position is its remainder
// by kRingBytes. A piece lies in one stretch: one that would reach over the end of the memory starts at its beginning.
// A full ring makes the worker wait, which is the backpressure: a slow client stops the task that writes, nothing else.
// A worker is not trusted: the memory is sealed against being shrunk, a Piece is checked against its bounds, and the
// front never reads a length or an address out of it.
//
// A worker that is fed (collections) answers nothing through it: there the front writes and the worker reads.
//
//   front    put() → Piece, sent in an Input frame            worker   input_at(Piece) … InputTaken: its place is free
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {

inline constexpr std::size_t kRingBytes = 4 * limits::kMiB;

struct RingPiece {
  std::uint64_t position = 0;
  std::uint32_t bytes = 0;
};

// The payload of a Data frame: position and length, little-endian.
inline constexpr std::size_t kRingPieceBytes = 12;
std::string encode_piece(const RingPiece& piece);
// Errors: DataProcessing for a payload of another size.
Result<RingPiece> decode_piece(std::string_view payload);

class RingMemory {
 public:
  // The front's: new memory, and the descriptor that the worker is born with. Errors: Unavailable.
  static Result<RingMemory> create();
  // The worker's. Errors: Unavailable.
  static Result<RingMemory> open(int fd);

  RingMemory(RingMemory&& other) noexcept;
  RingMemory& operator=(RingMemory&& other) noexcept;
  RingMemory(const RingMemory&) = delete;
  RingMemory& operator=(const RingMemory&) = delete;
  ~RingMemory();

  int fd() const { return fd_.get(); }
  // After the worker was given its own.
  void close_fd() { fd_.reset(); }
  char* bytes() const { return bytes_; }

  struct Control {
    std::atomic<std::uint64_t> taken{0};   // by the front: everything before this position is free
    std::atomic<std::uint64_t> wanted{0};  // by the worker: it waits for `taken` to get there; 0: it does not wait
  };
  Control& control() const { return *control_; }

 private:
  RingMemory(UniqueFd fd, char* bytes);

  UniqueFd fd_;
  char* bytes_ = nullptr;
  Control* control_ = nullptr;
};

// One thread places and commits; any may wake it.
class RingWriter {
 public:
  explicit RingWriter(RingMemory memory) : memory_(std::move(memory)) {}

  // A place for `bytes` (at most limits::kDataFrameBytes) in a row, once there is one. Errors: the token's.
  Result<char*> place(std::size_t bytes, const CancelToken& cancel);
  // The first `bytes` of that place are written.
  RingPiece commit(std::size_t bytes);
  // The front took something, or the task was cancelled.
  void wake();

  // Of a worker that is fed: what the front put there, until that is told that it is taken.
  std::string_view input_at(const RingPiece& piece) const {
    return {memory_.bytes() + piece.position % kRingBytes, piece.bytes};
  }

 private:
  bool fits(std::uint64_t end) const;

  RingMemory memory_;
  std::uint64_t position_ = 0;
  std::uint64_t committed_ = 0;  // the end of the last piece
  std::mutex mutex_;
  std::condition_variable woken_;
};

// The front's side of a ring that a worker is fed through.
class InputRing {
 public:
  explicit InputRing(char* bytes) : bytes_(bytes) {}

  // Whether a piece of so many bytes (at most a quarter of the ring) has a place.
  bool fits(std::size_t bytes) const { return begin_of(bytes) + bytes <= kRingBytes + taken_; }
  // Precondition: it fits.
  RingPiece put(std::string_view bytes);
  // The worker is done with everything before this position. What it cannot have been given counts for nothing.
  void take_until(std::uint64_t position);
  // The task has ended: nobody reads any more.
  void restart() { taken_ = position_; }

 private:
  std::uint64_t begin_of(std::size_t bytes) const;

  char* bytes_;
  std::uint64_t position_ = 0;
  std::uint64_t taken_ = 0;
};

class RingReader {
 public:
  explicit RingReader(RingMemory memory) : memory_(std::move(memory)) {}

  RingMemory& memory() { return memory_; }
  // Errors: DataProcessing where no piece can lie there.
  Result<std::string_view> view(const RingPiece& piece) const;
  // The piece and everything before it is free. True where the worker waits for that much: it has to be woken.
  bool take(const RingPiece& piece);

 private:
  RingMemory memory_;
};

}  // namespace canvasback
