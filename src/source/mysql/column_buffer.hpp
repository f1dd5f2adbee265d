// ColumnBuffer: the values of one column of a batch, written row by row into memory that Arrow takes as it is. There is
// room for a fixed number of rows, so that a value costs one store. Used by column_decoder.hpp; not thread-safe.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

class ColumnBuffer {
 public:
  // Of boolean, numbers, decimals, dates, times, utf8 and binary.
  ColumnBuffer(std::shared_ptr<arrow::DataType> type, std::int64_t rows_max);

  const std::shared_ptr<arrow::DataType>& type() const { return type_; }

  // Makes room for a new batch. Before the first row, and again after finish().
  Status start();

  // Rows come in their order, each once. `Value` has the width of the type.
  template <class Value>
  void set(std::int64_t row, Value value) {
    std::memcpy(values_ + row * static_cast<std::int64_t>(sizeof value), &value, sizeof value);
  }
  void set_bit(std::int64_t row, bool value) {
    if (value) values_[row / 8] = static_cast<std::uint8_t>(values_[row / 8] | (1u << (row % 8)));
  }
  // False where memory is out.
  bool set_bytes(std::int64_t row, const void* bytes, std::size_t count) {
    if (byte_count_ + static_cast<std::int64_t>(count) > byte_capacity_ && !grow(count)) return false;
    std::memcpy(bytes_ + byte_count_, bytes, count);
    byte_count_ += static_cast<std::int64_t>(count);
    set_end(row);
    return true;
  }
  void set_null(std::int64_t row) {
    valid_[row / 8] = static_cast<std::uint8_t>(valid_[row / 8] & ~(1u << (row % 8)));
    ++nulls_;
    if (variable_)
      set_end(row);
    else if (width_ > 0)
      std::memset(values_ + row * width_, 0, static_cast<std::size_t>(width_));
  }

  // Of a utf8 or binary column, before finish().
  std::string_view bytes_at(std::int64_t row) const;
  std::string_view all_bytes() const { return {reinterpret_cast<const char*>(bytes_), std::size_t(byte_count_)}; }

  std::shared_ptr<arrow::Array> finish(std::int64_t rows);

 private:
  bool grow(std::size_t count);
  void set_end(std::int64_t row) {
    const auto end = static_cast<std::int32_t>(byte_count_);
    std::memcpy(values_ + (row + 1) * static_cast<std::int64_t>(sizeof end), &end, sizeof end);
  }

  std::shared_ptr<arrow::DataType> type_;
  std::int64_t rows_max_;
  std::int64_t width_ = 0;  // bytes of a value; 0: a bit
  bool variable_ = false;
  std::shared_ptr<arrow::ResizableBuffer> validity_buffer_;
  std::shared_ptr<arrow::ResizableBuffer> values_buffer_;  // of a variable column its offsets
  std::shared_ptr<arrow::ResizableBuffer> bytes_buffer_;
  std::uint8_t* valid_ = nullptr;
  std::uint8_t* values_ = nullptr;
  std::uint8_t* bytes_ = nullptr;
  std::int64_t byte_count_ = 0;
  std::int64_t byte_capacity_ = 0;
  std::int64_t byte_guess_;  // of the next batch: what the last one had
  std::int64_t nulls_ = 0;
};

}  // namespace canvasback
