#include "source/records/lanes.hpp"

#include <arrow/util/bit_util.h>

#include <algorithm>
#include <new>

#include "base/limits.hpp"

namespace canvasback::records {
namespace {

constexpr std::size_t kFirstBytes = 512;
constexpr std::size_t kFastBytes = 128 * limits::kKiB;
constexpr std::size_t kTextBytesMax = INT32_MAX;  // offsets have 32 bits

}  // namespace

void GrowingBytes::grow_to(std::size_t bytes) {
  // Faster at first: what grows is copied.
  const std::size_t wanted = std::max({bytes, capacity_ * (capacity_ < kFastBytes ? 4 : 2), kFirstBytes});
  if (!buffer_) {
    auto made = arrow::AllocateResizableBuffer(static_cast<std::int64_t>(wanted));
    if (!made.ok()) throw std::bad_alloc();
    buffer_ = std::move(*made);
  } else if (!buffer_->Resize(static_cast<std::int64_t>(wanted), false).ok()) {
    throw std::bad_alloc();
  }
  data_ = reinterpret_cast<char*>(buffer_->mutable_data());
  capacity_ = wanted;
}

std::shared_ptr<arrow::Buffer> GrowingBytes::take(std::size_t bytes) {
  if (!buffer_) grow_to(1);
  if (!buffer_->Resize(static_cast<std::int64_t>(bytes), false).ok()) throw std::bad_alloc();
  data_ = nullptr;
  capacity_ = 0;
  return std::move(buffer_);
}

std::shared_ptr<arrow::Buffer> Gaps::bitmap(std::int64_t rows) const {
  if (count_ == 0) return nullptr;
  auto bits = arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows));
  if (!bits.ok()) throw std::bad_alloc();
  std::memset((*bits)->mutable_data(), 0xFF, static_cast<std::size_t>((*bits)->size()));
  for (const auto& [begin, end] : ranges_) {
    arrow::bit_util::SetBitsTo((*bits)->mutable_data(), begin, end - begin, false);
  }
  return std::move(*bits);
}

void TextLane::skip_to(std::int64_t row) {
  gaps_.add(length_, row);
  const std::size_t bytes = (static_cast<std::size_t>(row) + 1) * sizeof(std::int32_t);
  if (bytes > offsets_.capacity()) grow_offsets(bytes);
  const auto end = static_cast<std::int32_t>(bytes_);
  for (std::int64_t at = length_ + 1; at <= row; ++at) {
    std::memcpy(offsets_.data() + static_cast<std::size_t>(at) * sizeof end, &end, sizeof end);
  }
  length_ = row;
}

void TextLane::grow_text(std::size_t bytes) {
  if (bytes > kTextBytesMax) throw std::bad_alloc();
  text_.grow_to(bytes);
}

void TextLane::grow_offsets(std::size_t bytes) {
  const bool first = offsets_.capacity() == 0;
  offsets_.grow_to(bytes);
  if (first) std::memset(offsets_.data(), 0, sizeof(std::int32_t));
}

std::shared_ptr<arrow::Array> TextLane::finish(std::int64_t rows, const std::shared_ptr<arrow::DataType>& type) {
  if (length_ == 0) return nullptr;
  if (rows > length_) skip_to(rows);
  auto validity = gaps_.bitmap(rows);
  auto offsets = offsets_.take((static_cast<std::size_t>(length_) + 1) * sizeof(std::int32_t));
  auto text = text_.take(bytes_);
  const std::int64_t nulls = gaps_.count();
  length_ = 0;
  bytes_ = 0;
  gaps_.clear();
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, rows, {std::move(validity), std::move(offsets), std::move(text)}, nulls));
}

void FlagLane::skip_to(std::int64_t row) {
  gaps_.add(length_, row);
  flags_.resize(static_cast<std::size_t>(row));
  length_ = row;
}

std::shared_ptr<arrow::Array> FlagLane::finish(std::int64_t rows) {
  if (length_ == 0) return nullptr;
  if (rows > length_) skip_to(rows);
  auto validity = gaps_.bitmap(rows);
  auto bits = arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows));
  if (!bits.ok()) throw std::bad_alloc();
  std::memset((*bits)->mutable_data(), 0, static_cast<std::size_t>((*bits)->size()));
  for (std::size_t row = 0; row < flags_.size(); ++row) {
    if (flags_[row] != 0) arrow::bit_util::SetBit((*bits)->mutable_data(), static_cast<std::int64_t>(row));
  }
  const std::int64_t nulls = gaps_.count();
  flags_.clear();
  length_ = 0;
  gaps_.clear();
  return arrow::MakeArray(
      arrow::ArrayData::Make(arrow::boolean(), rows, {std::move(validity), std::move(*bits)}, nulls));
}

}  // namespace canvasback::records
