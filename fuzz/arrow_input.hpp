// Random columns of random types and values out of a fuzzer's bytes: any bit pattern that may stand in a file.
#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "fuzz/support.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback::fuzz {

inline constexpr int kColumnsMax = 8;
inline constexpr int kRowsMax = 40;
inline constexpr int kDepthMax = 4;

inline std::shared_ptr<arrow::DataType> make_type(Reader& reader, int depth) {
  const int precision = 1 + reader.byte() % 38;
  const int scale = reader.byte() % (precision + 1);
  const auto unit = static_cast<arrow::TimeUnit::type>(reader.byte() % 4);
  switch (reader.byte() % (depth < kDepthMax ? 30 : 26)) {
    case 0: return arrow::boolean();
    case 1: return arrow::int8();
    case 2: return arrow::int16();
    case 3: return arrow::int32();
    case 4: return arrow::int64();
    case 5: return arrow::uint8();
    case 6: return arrow::uint16();
    case 7: return arrow::uint32();
    case 8: return arrow::uint64();
    case 9: return arrow::float32();
    case 10: return arrow::float64();
    case 11: return arrow::float16();
    case 12: return arrow::decimal128(precision, scale);
    case 13: return arrow::decimal256(precision * 2, scale);
    case 14: return arrow::date32();
    case 15: return arrow::date64();
    case 16: return arrow::timestamp(unit);
    case 17: return arrow::timestamp(unit, "UTC");
    case 18: return unit < arrow::TimeUnit::MICRO ? arrow::time32(unit) : arrow::time64(unit);
    case 19: return arrow::duration(unit);
    case 20: return arrow::month_day_nano_interval();
    case 21: return arrow::binary();
    case 22: return arrow::large_utf8();
    case 23: return arrow::fixed_size_binary(precision);
    case 24: return arrow::null();
    case 26: return arrow::list(make_type(reader, depth + 1));
    case 27: return arrow::struct_({{"a", make_type(reader, depth + 1)}, {"b\n", make_type(reader, depth + 1)}});
    case 28: return arrow::map(arrow::utf8(), make_type(reader, depth + 1));
    case 29: return arrow::fixed_size_list(make_type(reader, depth + 1), 2);
    default: return arrow::utf8();
  }
}

// Values of fixed width are the input's own bytes: any bit pattern may stand in a file.
inline std::shared_ptr<arrow::Array> make_array(Reader& reader, const std::shared_ptr<arrow::DataType>& type,
                                                std::int64_t length);

inline std::shared_ptr<arrow::Buffer> bytes_buffer(Reader& reader, std::size_t size) {
  std::string bytes(reader.take(size));
  bytes.resize(size);
  return arrow::Buffer::FromString(std::move(bytes));
}

template <class Offset>
std::shared_ptr<arrow::Buffer> offsets(Reader& reader, std::int64_t length, Offset& end) {
  std::vector<Offset> values{0};
  for (std::int64_t i = 0; i < length; ++i) values.push_back(static_cast<Offset>(values.back() + reader.byte() % 16));
  end = values.back();
  return arrow::Buffer::FromVector(std::move(values));
}

inline std::shared_ptr<arrow::ArrayData> nested(Reader& reader, const std::shared_ptr<arrow::DataType>& type,
                                                std::int64_t length, std::shared_ptr<arrow::Buffer> validity) {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers{std::move(validity)};
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  std::int64_t child_length = length;
  if (type->id() == arrow::Type::LIST || type->id() == arrow::Type::MAP) {
    std::int32_t end = 0;
    buffers.push_back(offsets(reader, length, end));
    child_length = end;
  }
  if (type->id() == arrow::Type::FIXED_SIZE_LIST) child_length = length * 2;
  for (const auto& field : type->fields()) {
    auto child = make_array(reader, field->type(), child_length)->data()->Copy();
    // Keys of a map, and the struct around key and value, are never null.
    if (type->id() == arrow::Type::MAP) {
      child->buffers[0] = nullptr;
      child->null_count = 0;
      child->child_data[0] = child->child_data[0]->Copy();
      child->child_data[0]->buffers[0] = nullptr;
      child->child_data[0]->null_count = 0;
    }
    children.push_back(std::move(child));
  }
  return arrow::ArrayData::Make(type, length, std::move(buffers), std::move(children));
}

inline std::shared_ptr<arrow::Array> make_array(Reader& reader, const std::shared_ptr<arrow::DataType>& type,
                                                std::int64_t length) {
  const auto count = static_cast<std::size_t>(length);
  if (type->id() == arrow::Type::NA) return std::make_shared<arrow::NullArray>(length);
  std::shared_ptr<arrow::Buffer> validity;
  if (reader.byte() % 2 == 0) validity = bytes_buffer(reader, count / 8 + 1);
  if (type->num_fields() > 0) return arrow::MakeArray(nested(reader, type, length, std::move(validity)));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers{std::move(validity)};
  if (type->id() == arrow::Type::LARGE_STRING) {
    std::int64_t end = 0;
    buffers.push_back(offsets(reader, length, end));
    buffers.push_back(bytes_buffer(reader, static_cast<std::size_t>(end)));
  } else if (type->id() == arrow::Type::STRING || type->id() == arrow::Type::BINARY) {
    std::int32_t end = 0;
    buffers.push_back(offsets(reader, length, end));
    buffers.push_back(bytes_buffer(reader, static_cast<std::size_t>(end)));
  } else {
    const auto bits = static_cast<std::size_t>(static_cast<const arrow::FixedWidthType&>(*type).bit_width());
    buffers.push_back(bytes_buffer(reader, bits * count / 8 + 1));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, length, std::move(buffers)));
}

// Up to kColumnsMax columns and kRowsMax rows, as a slice: offsets into the buffers are where encoders go wrong.
inline BatchPtr make_batch(Reader& reader) {
  const int columns = 1 + reader.byte() % kColumnsMax;
  const std::int64_t rows = 1 + reader.byte() % kRowsMax;
  const std::int64_t skip = reader.byte() % rows;
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (int i = 0; i < columns; ++i) {
    auto type = make_type(reader, 0);
    fields.push_back(arrow::field(std::to_string(i) + reader.text(), type));
    arrays.push_back(make_array(reader, type, rows));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, arrays)->Slice(skip);
}

}  // namespace canvasback::fuzz
