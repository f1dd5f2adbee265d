// Keys of a pulled table as bytes whose order is the order of the values: what a key map is sorted by, and what the
// ranges of a source's key are compared in. Integers, dates and times are 8 bytes, decimals 16 (both big-endian, the
// sign turned), text and binary strings are escaped and ended, so that no key is the beginning of another. Text does
// not come as it is but as the source's own comparison bytes (source/mysql: WEIGHT_STRING), which are equal where the
// source takes two texts for equal.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

// Shorter keys are filled up with zeros to this, which changes nothing of their order.
inline constexpr std::size_t kKeyBytesMin = 16;

// Keys one behind the other, as one allocation for many.
class KeyList {
 public:
  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  std::string_view operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }
  std::string_view back() const { return (*this)[ends_.size() - 1]; }
  void push(std::string_view key) {
    bytes_ += key;
    end_key();
  }
  // Where a key may be appended, byte by byte; end_key() ends it.
  std::string& bytes() { return bytes_; }
  void end_key() { ends_.push_back(bytes_.size()); }
  void reserve(std::size_t keys, std::size_t bytes) {
    ends_.reserve(keys);
    bytes_.reserve(bytes);
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

class KeyBytes {
 public:
  // Columns of one batch, in the key's order. Errors: InvalidData for a column of a type that keys cannot have
  // (floating point, nested).
  static Result<KeyBytes> of(arrow::ArrayVector columns);

  // One key. Errors: InvalidData where a part of it is NULL.
  Status append(std::int64_t row, std::string& out) const;

 private:
  struct Column {
    const arrow::Array* array = nullptr;
    void (*append)(const arrow::Array&, std::int64_t row, std::string& out) = nullptr;
  };

  arrow::ArrayVector arrays_;
  std::vector<Column> columns_;
};

}  // namespace canvasback
