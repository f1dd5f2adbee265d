#include "source/mysql/column_buffer.hpp"

#include <arrow/array/data.h>
#include <arrow/type_traits.h>

#include <algorithm>

#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kFirstBytes = 64 * 1024;

std::unexpected<Error> out_of_memory() {
  return fail(ErrorCode::MemoryLimit, "There is not enough memory for a batch of rows.");
}

bool allocate(std::int64_t bytes, std::shared_ptr<arrow::ResizableBuffer>& buffer) {
  auto made = arrow::AllocateResizableBuffer(bytes);
  if (!made.ok()) return false;
  buffer = std::move(*made);
  return true;
}

}  // namespace

ColumnBuffer::ColumnBuffer(std::shared_ptr<arrow::DataType> type, std::int64_t rows_max)
    : type_(std::move(type)),
      rows_max_(rows_max),
      variable_(arrow::is_base_binary_like(type_->id())),
      byte_guess_(kFirstBytes) {
  const int bits = variable_ ? 0 : type_->bit_width();
  width_ = bits / 8;
}

Status ColumnBuffer::start() {
  const std::int64_t bitmap_bytes = (rows_max_ + 7) / 8;
  const std::int64_t offset_bytes = (rows_max_ + 1) * static_cast<std::int64_t>(sizeof(std::int32_t));
  const std::int64_t value_bytes = variable_ ? offset_bytes : width_ == 0 ? bitmap_bytes : rows_max_ * width_;
  if (!allocate(bitmap_bytes, validity_buffer_) || !allocate(value_bytes, values_buffer_)) return out_of_memory();
  valid_ = validity_buffer_->mutable_data();
  values_ = values_buffer_->mutable_data();
  std::memset(valid_, 0xff, static_cast<std::size_t>(bitmap_bytes));
  if (!variable_ && width_ == 0) std::memset(values_, 0, static_cast<std::size_t>(value_bytes));
  nulls_ = 0;
  if (!variable_) return {};
  if (!allocate(byte_guess_, bytes_buffer_)) return out_of_memory();
  bytes_ = bytes_buffer_->mutable_data();
  byte_capacity_ = byte_guess_;
  byte_count_ = 0;
  set_end(-1);
  return {};
}

bool ColumnBuffer::grow(std::size_t count) {
  const std::int64_t needed = byte_count_ + static_cast<std::int64_t>(count);
  if (needed > std::int64_t{INT32_MAX}) return false;
  const std::int64_t wanted = std::max(needed, byte_capacity_ * 2);
  if (!bytes_buffer_->Resize(wanted, false).ok()) return false;
  bytes_ = bytes_buffer_->mutable_data();
  byte_capacity_ = wanted;
  return true;
}

std::string_view ColumnBuffer::bytes_at(std::int64_t row) const {
  std::int32_t range[2];
  std::memcpy(range, values_ + row * static_cast<std::int64_t>(sizeof(std::int32_t)), sizeof range);
  return all_bytes().substr(static_cast<std::size_t>(range[0]), static_cast<std::size_t>(range[1] - range[0]));
}

std::shared_ptr<arrow::Array> ColumnBuffer::finish(std::int64_t rows) {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {nulls_ > 0 ? validity_buffer_ : nullptr, values_buffer_};
  if (variable_) {
    // Without what was kept ready for more: a batch is counted by what it holds.
    static_cast<void>(bytes_buffer_->Resize(byte_count_, byte_count_ < byte_capacity_ / 2));
    // A batch of a few huge values is no measure for the next one.
    byte_guess_ = std::clamp(byte_count_ + byte_count_ / 8, kFirstBytes,
                             static_cast<std::int64_t>(2 * limits::kBatchBytesTarget));
    buffers.push_back(bytes_buffer_);
  }
  auto array = arrow::MakeArray(arrow::ArrayData::Make(type_, rows, std::move(buffers), nulls_));
  validity_buffer_.reset();
  values_buffer_.reset();
  bytes_buffer_.reset();
  return array;
}

}  // namespace canvasback
