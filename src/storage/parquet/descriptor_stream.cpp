#include "storage/parquet/descriptor_stream.hpp"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace canvasback {
namespace {

constexpr std::size_t kBegunAtEndBytes = limits::kMiB;  // less is left to the sync

arrow::Status told(int error) { return arrow::Status::IOError(std::strerror(error)); }

}  // namespace

DescriptorStream::DescriptorStream(int fd, std::size_t write_behind_bytes)
    : fd_(fd), write_behind_bytes_(write_behind_bytes) {}

DescriptorStream::~DescriptorStream() { drop(); }

arrow::Status DescriptorStream::Write(const void* data, std::int64_t bytes) {
  if (dropped_) return arrow::Status::IOError("dropped");
  position_ += bytes;
  std::string_view rest(static_cast<const char*>(data), static_cast<std::size_t>(bytes));
  while (!rest.empty()) {
    if (buffer_.capacity() < kBufferBytes) buffer_.reserve(kBufferBytes);
    const std::size_t taken = std::min(rest.size(), kBufferBytes - buffer_.size());
    buffer_.append(rest.substr(0, taken));
    rest.remove_prefix(taken);
    if (buffer_.size() == kBufferBytes) ARROW_RETURN_NOT_OK(hand_over());
  }
  return arrow::Status::OK();
}

arrow::Status DescriptorStream::Close() {
  if (closed_ || dropped_) return arrow::Status::OK();
  closed_ = true;
  if (thread_.joinable()) {
    if (!buffer_.empty()) ARROW_RETURN_NOT_OK(hand_over());
    {
      std::scoped_lock lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    }
    thread_.join();
  } else {
    error_ = write_all(buffer_);
  }
  if (error_ != 0) return told(error_);
  if (unbegun_ >= kBegunAtEndBytes) begin_writing();
  return arrow::Status::OK();
}

void DescriptorStream::drop() {
  dropped_ = true;
  if (!thread_.joinable()) return;
  {
    std::scoped_lock lock(mutex_);
    while (full_.size() > 1) full_.pop_back();
    ended_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

int DescriptorStream::error_number() {
  std::scoped_lock lock(mutex_);
  return error_;
}

arrow::Status DescriptorStream::hand_over() {
  if (!thread_.joinable()) thread_ = std::thread([this] { write_behind(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ != 0 || full_.size() < kBuffersMax; });
  if (error_ != 0) return told(error_);
  full_.push_back(std::exchange(buffer_, {}));
  if (!spares_.empty()) {
    buffer_ = std::move(spares_.back());
    spares_.pop_back();
    buffer_.clear();
  }
  changed_.notify_all();
  return arrow::Status::OK();
}

void DescriptorStream::write_behind() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ended_ || !full_.empty(); });
    if (full_.empty()) return;
    const std::string_view bytes = full_.front();  // nobody else takes the first away
    lock.unlock();
    const int error = write_all(bytes);
    lock.lock();
    spares_.push_back(std::move(full_.front()));
    full_.pop_front();
    if (error != 0) {
      error_ = error;
      full_.clear();
    }
    changed_.notify_all();
    if (error != 0) return;
  }
}

int DescriptorStream::write_all(std::string_view bytes) {
  unbegun_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (unbegun_ >= write_behind_bytes_) begin_writing();
  return 0;
}

// Asks the disk to begin with what is there, so that the sync at the end has little left to wait for, and other files'
// syncs do not wait for this one's bytes. Where it cannot, the sync does all of it.
void DescriptorStream::begin_writing() {
  const off_t end = ::lseek(fd_, 0, SEEK_CUR);
  const off_t begin = end - static_cast<off_t>(unbegun_);
  if (end > 0) static_cast<void>(::sync_file_range(fd_, begin, end - begin, SYNC_FILE_RANGE_WRITE));
  unbegun_ = 0;
}

}  // namespace canvasback
