#include "encode/arrow_sink.hpp"

#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kGatherBytes = 64 * limits::kKiB;
constexpr std::size_t kLargeBytes = 32 * limits::kKiB;  // from here on a copy costs more than a write of its own

}  // namespace

arrow::Status ArrowSink::Write(const void* data, std::int64_t size) {
  if (dropped_ || error_) return arrow::Status::IOError("the sink takes no more bytes");
  const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
  position_ += size;
  if (bytes.size() >= kLargeBytes) {
    ARROW_RETURN_NOT_OK(Flush());
    return send(bytes);
  }
  gathered_ += bytes;
  return gathered_.size() >= kGatherBytes ? Flush() : arrow::Status::OK();
}

arrow::Status ArrowSink::Flush() {
  if (gathered_.empty() || dropped_) return arrow::Status::OK();
  const auto status = send(gathered_);
  gathered_.clear();
  return status;
}

void ArrowSink::drop() {
  dropped_ = true;
  gathered_.clear();
}

Error ArrowSink::error_from(const arrow::Status& status) const {
  if (error_) return *error_;
  const bool memory = status.IsOutOfMemory() || status.IsCapacityError();
  return Error{memory ? ErrorCode::MemoryLimit : ErrorCode::DataProcessing,
               memory ? "There was not enough memory to write the answer." : "The answer could not be written.",
               status.ToString()};
}

arrow::Status ArrowSink::send(std::string_view bytes) {
  auto status = sink_.write(bytes);
  if (status) return arrow::Status::OK();
  error_ = std::move(status).error();
  return arrow::Status::IOError(error_->message);
}

}  // namespace canvasback
