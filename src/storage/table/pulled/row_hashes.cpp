#include "storage/table/pulled/row_hashes.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace canvasback {
namespace {

constexpr std::uint64_t kSeed = 0x243f6a8885a308d3;
constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
constexpr std::uint64_t kNull = 0x13198a2e03707344;
constexpr std::uint64_t kText = 0xa4093822299f31d0;

// All bits of a product of 128 bits, folded.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a ^ kSeed} * Wide{b ^ kFactor};
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* bytes, std::size_t count) {
  std::uint64_t out = 0;
  std::memcpy(&out, bytes, count);
  return out;
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = mix(kText, text.size());
  while (text.size() >= 8) {
    hash = mix(hash, load(text.data(), 8));
    text.remove_prefix(8);
  }
  return text.empty() ? hash : mix(hash, load(text.data(), text.size()));
}

template <class Value>
std::uint64_t bits_of(Value value) {
  if constexpr (std::is_same_v<Value, float>) {
    return std::bit_cast<std::uint32_t>(value);
  } else if constexpr (std::is_same_v<Value, double>) {
    return std::bit_cast<std::uint64_t>(value);
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

template <class ArrayType>
void add_numbers(const arrow::Array& array, std::vector<std::uint64_t>& hashes) {
  const auto& values = static_cast<const ArrayType&>(array);
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    const auto at = static_cast<std::int64_t>(row);
    hashes[row] = mix(hashes[row], values.IsNull(at) ? kNull : bits_of(values.Value(at)));
  }
}

template <class ArrayType>
void add_texts(const arrow::Array& array, std::vector<std::uint64_t>& hashes) {
  const auto& values = static_cast<const ArrayType&>(array);
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    const auto at = static_cast<std::int64_t>(row);
    hashes[row] = mix(hashes[row], values.IsNull(at) ? kNull : hash_of(values.GetView(at)));
  }
}

using Add = void (*)(const arrow::Array&, std::vector<std::uint64_t>&);

Add add_of(arrow::Type::type type) {
  switch (type) {
    case arrow::Type::BOOL: return add_numbers<arrow::BooleanArray>;
    case arrow::Type::INT8: return add_numbers<arrow::Int8Array>;
    case arrow::Type::INT16: return add_numbers<arrow::Int16Array>;
    case arrow::Type::INT32: return add_numbers<arrow::Int32Array>;
    case arrow::Type::INT64: return add_numbers<arrow::Int64Array>;
    case arrow::Type::UINT8: return add_numbers<arrow::UInt8Array>;
    case arrow::Type::UINT16: return add_numbers<arrow::UInt16Array>;
    case arrow::Type::UINT32: return add_numbers<arrow::UInt32Array>;
    case arrow::Type::UINT64: return add_numbers<arrow::UInt64Array>;
    case arrow::Type::FLOAT: return add_numbers<arrow::FloatArray>;
    case arrow::Type::DOUBLE: return add_numbers<arrow::DoubleArray>;
    case arrow::Type::DATE32: return add_numbers<arrow::Date32Array>;
    case arrow::Type::TIMESTAMP: return add_numbers<arrow::TimestampArray>;
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: return add_texts<arrow::FixedSizeBinaryArray>;
    case arrow::Type::STRING: return add_texts<arrow::StringArray>;
    case arrow::Type::BINARY: return add_texts<arrow::BinaryArray>;
    default: return nullptr;
  }
}

}  // namespace

Result<std::vector<std::uint64_t>> row_hashes(const arrow::RecordBatch& batch) {
  std::vector<std::uint64_t> hashes(static_cast<std::size_t>(batch.num_rows()), kSeed);
  for (const auto& column : batch.columns()) {
    const Add add = add_of(column->type_id());
    if (add == nullptr) {
      return fail(ErrorCode::DataProcessing,
                  fmt::format("Rows with a column of the type {} cannot be compared.", column->type()->ToString()));
    }
    add(*column, hashes);
  }
  return hashes;
}

}  // namespace canvasback
