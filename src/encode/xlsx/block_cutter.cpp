#include "encode/xlsx/block_cutter.hpp"

#include <arrow/array/data.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>

#include "encode/xlsx/limits.hpp"

namespace canvasback::xlsx {
namespace {

// About how much XML a cell of each sort takes. The exact number matters little, that it depends on the schema alone
// matters much.
constexpr std::int64_t kCellBytes = 24;
constexpr std::int64_t kTextCellBytes = 40;

std::int64_t rows_for(const arrow::Schema& schema) {
  std::int64_t row_bytes = 16;
  for (const auto& field : schema.fields()) {
    row_bytes += arrow::is_fixed_width(field->type()->id()) ? kCellBytes : kTextCellBytes;
  }
  return std::clamp(kBlockXmlBytes / row_bytes, kBlockRowsMin, kBlockRowsMax);
}

template <class Offset>
std::int64_t offset_range(const arrow::ArrayData& data, std::int64_t start, std::int64_t count) {
  const auto* offsets = data.GetValues<Offset>(1);
  return static_cast<std::int64_t>(offsets[start + count] - offsets[start]);
}

template <class Offset>
std::int64_t list_bytes(const arrow::ArrayData& data, std::int64_t start, std::int64_t count) {
  const auto* offsets = data.GetValues<Offset>(1);
  const auto first = static_cast<std::int64_t>(offsets[start]);
  // The child's own offset counts from its first value.
  return text_bytes(*data.child_data[0], first, static_cast<std::int64_t>(offsets[start + count]) - first);
}

std::int64_t view_bytes(const arrow::ArrayData& data, std::int64_t start, std::int64_t count) {
  const auto* views = data.GetValues<arrow::BinaryViewType::c_type>(1);
  std::int64_t bytes = 0;
  for (std::int64_t row = start; row < start + count; ++row) {
    if (data.IsValid(row)) bytes += views[row].size();
  }
  return bytes;
}

}  // namespace

std::int64_t text_bytes(const arrow::ArrayData& data, std::int64_t start, std::int64_t count) {
  if (count == 0) return 0;
  switch (data.type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return offset_range<std::int32_t>(data, start, count);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: return offset_range<std::int64_t>(data, start, count);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: return view_bytes(data, start, count);
    case arrow::Type::LIST:
    case arrow::Type::MAP: return list_bytes<std::int32_t>(data, start, count);
    case arrow::Type::LARGE_LIST: return list_bytes<std::int64_t>(data, start, count);
    case arrow::Type::FIXED_SIZE_LIST: {
      const std::int64_t size = static_cast<const arrow::FixedSizeListType&>(*data.type).list_size();
      return text_bytes(*data.child_data[0], (data.offset + start) * size, count * size);
    }
    case arrow::Type::STRUCT: {
      std::int64_t bytes = 0;
      for (const auto& child : data.child_data) bytes += text_bytes(*child, data.offset + start, count);
      return bytes;
    }
    default: break;
  }
  if (arrow::is_fixed_width(data.type->id())) return count * ((data.type->bit_width() + 7) / 8);
  return count * kTextCellBytes;  // unions and the like
}

BlockCutter::BlockCutter(const arrow::Schema& schema)
    : block_rows_(rows_for(schema)), sheet_rows_left_(kSheetRowsMax - 1) {}

void BlockCutter::push(BatchPtr batch) {
  if (batch->num_rows() == 0) return;
  rows_ += batch->num_rows();
  batches_.push_back(std::move(batch));
}

// How many of the first `rows` rows fit: at least one. More rows never have less text, so the answer is found by
// halves.
std::int64_t BlockCutter::rows_within_bounds(std::int64_t rows) const {
  std::int64_t bytes = 0;
  std::int64_t fitting = 0;
  for (const BatchPtr& batch : batches_) {
    const auto bytes_of = [&](std::int64_t count) {
      std::int64_t sum = 0;
      for (int i = 0; i < batch->num_columns(); ++i) {
        const arrow::ArrayData& data = *batch->column_data(i);
        if (!arrow::is_fixed_width(data.type->id())) sum += text_bytes(data, 0, count);
      }
      return sum;
    };
    const std::int64_t count = std::min(batch->num_rows(), rows - fitting);
    const std::int64_t all = bytes_of(count);
    if (bytes + all > kBlockTextBytesMax) {
      std::int64_t low = 0;
      for (std::int64_t high = count; low + 1 < high;) {
        const std::int64_t middle = low + (high - low) / 2;
        (bytes + bytes_of(middle) > kBlockTextBytesMax ? high : low) = middle;
      }
      return std::max<std::int64_t>(fitting + low, 1);
    }
    bytes += all;
    fitting += count;
    if (fitting == rows) break;
  }
  return rows;
}

std::optional<RowBlock> BlockCutter::cut(bool all) {
  std::int64_t wanted = std::min(block_rows_, sheet_rows_left_);
  if (rows_ < wanted && !all) return std::nullopt;
  if (rows_ == 0) return std::nullopt;
  wanted = rows_within_bounds(std::min(wanted, rows_));
  RowBlock block;
  block.number = number_++;
  block.rows = wanted;
  for (std::int64_t left = wanted; left > 0;) {
    BatchPtr& batch = batches_.front();
    const std::int64_t count = std::min(left, batch->num_rows());
    block.parts.push_back(count == batch->num_rows() ? batch : batch->Slice(0, count));
    if (count == batch->num_rows()) {
      batches_.pop_front();
    } else {
      batch = batch->Slice(count);
    }
    left -= count;
  }
  rows_ -= wanted;
  sheet_rows_left_ -= wanted;
  if (sheet_rows_left_ == 0) sheet_rows_left_ = kSheetRowsMax - 1;
  return block;
}

}  // namespace canvasback::xlsx
