#include "storage/table/pulled/key_bytes.hpp"

#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

namespace canvasback {
namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

void append_big_endian(std::uint64_t value, std::string& out) {
  char bytes[8];
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  out.append(bytes, sizeof bytes);
}

template <class ArrayType>
void append_number(const arrow::Array& array, std::int64_t row, std::string& out) {
  const auto value = static_cast<const ArrayType&>(array).Value(row);
  if constexpr (std::is_unsigned_v<decltype(value)>) {
    append_big_endian(static_cast<std::uint64_t>(value), out);
  } else {
    append_big_endian(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) ^ kSign, out);
  }
}

void append_unsigned(const arrow::Array& array, std::int64_t row, std::string& out) {
  append_big_endian(static_cast<const arrow::UInt64Array&>(array).Value(row), out);
}

void append_bool(const arrow::Array& array, std::int64_t row, std::string& out) {
  out += static_cast<const arrow::BooleanArray&>(array).Value(row) ? '\1' : '\0';
}

void append_decimal(const arrow::Array& array, std::int64_t row, std::string& out) {
  const arrow::Decimal128 value(static_cast<const arrow::Decimal128Array&>(array).GetValue(row));
  append_big_endian(static_cast<std::uint64_t>(value.high_bits()) ^ kSign, out);
  append_big_endian(value.low_bits(), out);
}

// A zero byte becomes 00 ff, and 00 00 ends the text: so the order stays that of the bytes.
template <class ArrayType>
void append_string(const arrow::Array& array, std::int64_t row, std::string& out) {
  const std::string_view text = static_cast<const ArrayType&>(array).GetView(row);
  for (const char c : text) {
    out += c;
    if (c == '\0') out += '\xff';
  }
  out.append(2, '\0');
}

using Append = void (*)(const arrow::Array&, std::int64_t, std::string&);

Append append_of(arrow::Type::type type) {
  switch (type) {
    case arrow::Type::BOOL: return append_bool;
    case arrow::Type::INT8: return append_number<arrow::Int8Array>;
    case arrow::Type::INT16: return append_number<arrow::Int16Array>;
    case arrow::Type::INT32: return append_number<arrow::Int32Array>;
    case arrow::Type::INT64: return append_number<arrow::Int64Array>;
    case arrow::Type::UINT8: return append_number<arrow::UInt8Array>;
    case arrow::Type::UINT16: return append_number<arrow::UInt16Array>;
    case arrow::Type::UINT32: return append_number<arrow::UInt32Array>;
    case arrow::Type::UINT64: return append_unsigned;
    case arrow::Type::DATE32: return append_number<arrow::Date32Array>;
    case arrow::Type::TIMESTAMP: return append_number<arrow::TimestampArray>;
    case arrow::Type::DECIMAL128: return append_decimal;
    case arrow::Type::STRING: return append_string<arrow::StringArray>;
    case arrow::Type::BINARY: return append_string<arrow::BinaryArray>;
    default: return nullptr;
  }
}

}  // namespace

Result<KeyBytes> KeyBytes::of(arrow::ArrayVector columns) {
  KeyBytes out;
  for (const auto& array : columns) {
    const Append append = append_of(array->type_id());
    if (append == nullptr) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("A column of the type {} cannot be part of a key.", array->type()->ToString()));
    }
    out.columns_.push_back({array.get(), append});
  }
  out.arrays_ = std::move(columns);
  return out;
}

Status KeyBytes::append(std::int64_t row, std::string& out) const {
  const std::size_t begin = out.size();
  for (const Column& column : columns_) {
    if (column.array->IsNull(row)) return fail(ErrorCode::InvalidData, "A key is NULL.");
    column.append(*column.array, row, out);
  }
  if (out.size() < begin + kKeyBytesMin) out.resize(begin + kKeyBytesMin, '\0');
  return {};
}

}  // namespace canvasback
