#include "encode/batch_bytes.hpp"

#include <arrow/array/data.h>
#include <arrow/type_traits.h>
#include <arrow/util/byte_size.h>

namespace canvasback {
namespace {

template <class Offset>
std::int64_t text_bytes(const arrow::ArrayData& data) {
  if (data.length == 0 || data.buffers[1] == nullptr) return 0;
  const auto* offsets = data.GetValues<Offset>(1);
  return static_cast<std::int64_t>(offsets[data.length] - offsets[0]) +
         data.length * static_cast<std::int64_t>(sizeof(Offset));
}

// Arrow's own measure takes microseconds a column, which a stream of small batches would feel.
std::int64_t column_bytes(const arrow::ArrayData& data) {
  const auto id = data.type->id();
  if (id == arrow::Type::NA) return 0;
  if (id == arrow::Type::BOOL) return data.length / 8 + 1;
  if (id == arrow::Type::STRING || id == arrow::Type::BINARY) return text_bytes<std::int32_t>(data);
  if (id == arrow::Type::LARGE_STRING || id == arrow::Type::LARGE_BINARY) return text_bytes<std::int64_t>(data);
  if (arrow::is_fixed_width(id)) return data.length * data.type->byte_width();
  if (auto size = arrow::util::ReferencedBufferSize(data); size.ok()) return *size;
  return arrow::util::TotalBufferSize(data);
}

}  // namespace

std::int64_t batch_bytes(const arrow::RecordBatch& batch) {
  std::int64_t bytes = 0;
  for (int i = 0; i < batch.num_columns(); ++i) bytes += column_bytes(*batch.column_data(i));
  return bytes;
}

}  // namespace canvasback
