// Keys of a pulled table as bytes whose order is the order of the values: what a key map is sorted by, and what the
// ranges of a source's key are compared in. Integers, dates and times are 8 bytes, decimals 16 (both big-endian, the
// sign turned), text and binary strings are escaped and ended, so that no key is the beginning of another. Text does not
// come as it is but as the source's own comparison bytes (source/mysql: WEIGHT_STRING), which are equal where the source
// takes two texts for equal.
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
