// Lanes: the values of one kind at one place, as they come. A lane is a plain growing array; rows without a value are
// remembered as ranges, so a lane without any costs a comparison a value. finish() gives the Arrow array. Rows ascend.
// Out of memory throws std::bad_alloc: the task that builds says so. Not thread-safe. Internal to source/records.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace canvasback::records {

// Memory that grows; its bytes stay where they are once taken.
class GrowingBytes {
 public:
  char* data() { return data_; }
  std::size_t capacity() const { return capacity_; }
  // At least `bytes`, what is there kept.
  void grow_to(std::size_t bytes);
  std::shared_ptr<arrow::Buffer> take(std::size_t bytes);

 private:
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
};

// Which rows have no value.
class Gaps {
 public:
  void add(std::int64_t begin, std::int64_t end) {
    ranges_.emplace_back(begin, end);
    count_ += end - begin;
  }
  std::int64_t count() const { return count_; }
  // Validity, nullptr where all rows have values.
  std::shared_ptr<arrow::Buffer> bitmap(std::int64_t rows) const;
  void clear() {
    ranges_.clear();
    count_ = 0;
  }

 private:
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges_;
  std::int64_t count_ = 0;
};

template <class Value>
class ValueLane {
 public:
  void add(std::int64_t row, const Value& value) {
    if (row > length_) [[unlikely]]
      skip_to(row);
    const std::size_t at = static_cast<std::size_t>(length_) * sizeof(Value);
    if (at + sizeof(Value) > values_.capacity()) [[unlikely]]
      values_.grow_to(at + sizeof(Value));
    std::memcpy(values_.data() + at, &value, sizeof(Value));
    ++length_;
  }
  std::shared_ptr<arrow::Array> finish(std::int64_t rows, const std::shared_ptr<arrow::DataType>& type) {
    if (length_ == 0) return nullptr;
    if (rows > length_) skip_to(rows);
    auto validity = gaps_.bitmap(rows);
    auto values = values_.take(static_cast<std::size_t>(length_) * sizeof(Value));
    length_ = 0;
    const std::int64_t nulls = gaps_.count();
    gaps_.clear();
    return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {std::move(validity), std::move(values)}, nulls));
  }

 private:
  void skip_to(std::int64_t row) {
    gaps_.add(length_, row);
    const std::size_t begin = static_cast<std::size_t>(length_) * sizeof(Value);
    const std::size_t end = static_cast<std::size_t>(row) * sizeof(Value);
    if (end > values_.capacity()) values_.grow_to(end);
    std::memset(values_.data() + begin, 0, end - begin);
    length_ = row;
  }

  GrowingBytes values_;
  std::int64_t length_ = 0;
  Gaps gaps_;
};

class TextLane {
 public:
  void add(std::int64_t row, std::string_view text) {
    char* to = place_for(row, text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
  }
  // As add, of a text behind which at least 32 bytes more can be read: short ones are copied without a call.
  void add_padded(std::int64_t row, std::string_view text) {
    char* to = place_for(row, text.size() + 32);
    bytes_ -= 32;
    if (text.size() <= 32) {
      std::memcpy(to, text.data(), 32);
    } else {
      std::memcpy(to, text.data(), text.size());
    }
    end_offset();
  }
  std::shared_ptr<arrow::Array> finish(std::int64_t rows, const std::shared_ptr<arrow::DataType>& type);

 private:
  // Room for the value of a row; its end is noted.
  char* place_for(std::int64_t row, std::size_t size) {
    if (row > length_) [[unlikely]]
      skip_to(row);
    if (bytes_ + size > text_.capacity()) [[unlikely]]
      grow_text(bytes_ + size);
    const std::size_t offset_at = (static_cast<std::size_t>(length_) + 1) * sizeof(std::int32_t);
    if (offset_at + sizeof(std::int32_t) > offsets_.capacity()) [[unlikely]]
      grow_offsets(offset_at + sizeof(std::int32_t));
    char* to = text_.data() + bytes_;
    bytes_ += size;
    ++length_;
    end_offset();
    return to;
  }
  void end_offset() {
    const auto end = static_cast<std::int32_t>(bytes_);
    std::memcpy(offsets_.data() + static_cast<std::size_t>(length_) * sizeof end, &end, sizeof end);
  }
  void skip_to(std::int64_t row);
  void grow_text(std::size_t bytes);
  void grow_offsets(std::size_t bytes);

  GrowingBytes text_;
  GrowingBytes offsets_;
  std::size_t bytes_ = 0;
  std::int64_t length_ = 0;
  Gaps gaps_;
};

// Values of which only the presence counts (that a list or an object is there), or that are true or false.
class FlagLane {
 public:
  void add(std::int64_t row, bool value) {
    if (row > length_) [[unlikely]]
      skip_to(row);
    flags_.push_back(value ? 1 : 0);
    ++length_;
  }
  std::shared_ptr<arrow::Array> finish(std::int64_t rows);

 private:
  void skip_to(std::int64_t row);

  std::vector<std::uint8_t> flags_;
  std::int64_t length_ = 0;
  Gaps gaps_;
};

}  // namespace canvasback::records
