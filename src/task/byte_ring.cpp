#include "task/byte_ring.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

namespace canvasback {
namespace {

constexpr std::size_t kControlBytes = 4 * limits::kKiB;
constexpr std::size_t kMappedBytes = kRingBytes + kControlBytes;
// A wait looks at the token this often, whoever forgets to wake it.
constexpr std::chrono::milliseconds kWaitAtMost{250};

Error no_memory(const char* what) {
  return Error{ErrorCode::Unavailable,
               "There is no memory to share with a worker.",
               std::string(what) + ": " + std::strerror(errno),
               {},
               1};
}

Result<char*> map(int fd) {
  void* mapped = ::mmap(nullptr, kMappedBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) return fail(no_memory("mmap"));
  return static_cast<char*>(mapped);
}

}  // namespace

std::string encode_piece(const RingPiece& piece) {
  std::string out(kRingPieceBytes, '\0');
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<char>(piece.position >> (8 * i));
  for (std::size_t i = 0; i < 4; ++i) out[8 + i] = static_cast<char>(piece.bytes >> (8 * i));
  return out;
}

Result<RingPiece> decode_piece(std::string_view payload) {
  if (payload.size() != kRingPieceBytes) return fail(ErrorCode::DataProcessing, "A data frame has a wrong size.");
  RingPiece piece;
  for (std::size_t i = 0; i < 8; ++i) {
    piece.position |= std::uint64_t{static_cast<unsigned char>(payload[i])} << (8 * i);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    piece.bytes |= std::uint32_t{static_cast<unsigned char>(payload[8 + i])} << (8 * i);
  }
  return piece;
}

Result<RingMemory> RingMemory::create() {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free && sizeof(Control) <= kControlBytes);
  UniqueFd fd(::memfd_create("canvasback-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail(no_memory("memfd_create"));
  if (::ftruncate(fd.get(), static_cast<off_t>(kMappedBytes)) != 0) return fail(no_memory("ftruncate"));
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return fail(no_memory("seal"));
  CANVASBACK_ASSIGN(char* bytes, map(fd.get()));
  RingMemory memory(std::move(fd), bytes);
  new (memory.control_) Control;
  return memory;
}

Result<RingMemory> RingMemory::open(int fd) {
  UniqueFd owned(fd);
  CANVASBACK_ASSIGN(char* bytes, map(owned.get()));
  return RingMemory(std::move(owned), bytes);
}

RingMemory::RingMemory(UniqueFd fd, char* bytes)
    : fd_(std::move(fd)), bytes_(bytes), control_(reinterpret_cast<Control*>(bytes + kRingBytes)) {}

RingMemory::RingMemory(RingMemory&& other) noexcept
    : fd_(std::move(other.fd_)),
      bytes_(std::exchange(other.bytes_, nullptr)),
      control_(std::exchange(other.control_, nullptr)) {}

RingMemory& RingMemory::operator=(RingMemory&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(bytes_, other.bytes_);
  std::swap(control_, other.control_);
  return *this;
}

RingMemory::~RingMemory() {
  if (bytes_ != nullptr) ::munmap(bytes_, kMappedBytes);
}

bool RingWriter::fits(std::uint64_t end) const { return end <= kRingBytes + memory_.control().taken.load(); }

Result<char*> RingWriter::place(std::size_t bytes, const CancelToken& cancel) {
  const std::size_t at = position_ % kRingBytes;
  if (at + bytes > kRingBytes) position_ += kRingBytes - at;
  const std::uint64_t end = position_ + bytes;
  RingMemory::Control& control = memory_.control();
  while (!fits(end)) {
    CANVASBACK_TRY(cancel.check());
    std::unique_lock lock(mutex_);
    // Woken once for half a ring of free places, not for each piece.
    control.wanted.store(std::min(committed_, end - kRingBytes / 2));
    // Asked again after saying so: either this sees the new place, or the front sees that it is waited for.
    if (!fits(end)) woken_.wait_for(lock, kWaitAtMost);
    control.wanted.store(0);
  }
  return memory_.bytes() + position_ % kRingBytes;
}

RingPiece RingWriter::commit(std::size_t bytes) {
  const RingPiece piece{position_, static_cast<std::uint32_t>(bytes)};
  position_ += bytes;
  committed_ = position_;
  return piece;
}

void RingWriter::wake() {
  std::scoped_lock lock(mutex_);
  woken_.notify_all();
}

std::uint64_t InputRing::begin_of(std::size_t bytes) const {
  const std::size_t at = position_ % kRingBytes;
  return at + bytes > kRingBytes ? position_ + kRingBytes - at : position_;
}

RingPiece InputRing::put(std::string_view bytes) {
  const RingPiece piece{begin_of(bytes.size()), static_cast<std::uint32_t>(bytes.size())};
  std::memcpy(bytes_ + piece.position % kRingBytes, bytes.data(), bytes.size());
  position_ = piece.position + bytes.size();
  return piece;
}

void InputRing::take_until(std::uint64_t position) {
  if (position > taken_ && position <= position_) taken_ = position;
}

Result<std::string_view> RingReader::view(const RingPiece& piece) const {
  const std::size_t at = piece.position % kRingBytes;
  if (piece.bytes > limits::kDataFrameBytes || at + piece.bytes > kRingBytes) {
    return fail(ErrorCode::DataProcessing, "A data frame points outside of the shared memory.");
  }
  return std::string_view(memory_.bytes() + at, piece.bytes);
}

bool RingReader::take(const RingPiece& piece) {
  RingMemory::Control& control = memory_.control();
  const std::uint64_t taken = piece.position + piece.bytes;
  control.taken.store(taken);
  std::uint64_t wanted = control.wanted.load();
  return wanted != 0 && taken >= wanted && control.wanted.compare_exchange_strong(wanted, 0);
}

}  // namespace canvasback
