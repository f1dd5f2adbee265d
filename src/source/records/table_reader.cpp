#include "source/records/table_reader.hpp"

#include <arrow/scalar.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cmath>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "record/type_name.hpp"
#include "source/records/place_builder.hpp"

namespace canvasback {
namespace {

using records::PlaceBuilder;

constexpr std::int64_t kDayMs = 86'400'000;

// The JSON text of a value, for places where lists and objects are wanted as text.
Status append_json(const arrow::Array& array, std::int64_t row, std::string& out);

Status append_json_items(const arrow::Array& values, std::int64_t begin, std::int64_t end, std::string& out) {
  out += '[';
  for (std::int64_t at = begin; at < end; ++at) {
    if (at > begin) out += ',';
    CANVASBACK_TRY(append_json(values, at, out));
  }
  out += ']';
  return {};
}

std::unexpected<Error> time_out_of_range(std::int64_t value, const arrow::DataType& type) {
  return fail(ErrorCode::InvalidData,
              fmt::format("The value {} of the type {} is outside of the times that records can have.", value,
                          type.ToString()));
}

// The microseconds of a time; nothing where they are none, or no whole ones.
Result<std::optional<std::int64_t>> microseconds_of(const arrow::TimestampArray& array, std::int64_t row) {
  const std::int64_t value = array.Value(row);
  std::int64_t scale = 1;
  switch (static_cast<const arrow::TimestampType&>(*array.type()).unit()) {
    case arrow::TimeUnit::SECOND: scale = 1'000'000; break;
    case arrow::TimeUnit::MILLI: scale = 1'000; break;
    case arrow::TimeUnit::MICRO: break;
    case arrow::TimeUnit::NANO: return value % 1'000 == 0 ? std::optional(value / 1'000) : std::nullopt;
  }
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(value, scale, &micros)) return time_out_of_range(value, *array.type());
  return micros;
}

Status append_json(const arrow::Array& array, std::int64_t row, std::string& out) {
  if (array.IsNull(row)) {
    out += "null";
    return {};
  }
  switch (array.type_id()) {
    case arrow::Type::BOOL: out += static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false"; break;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64: out += array.GetScalar(row).ValueOrDie()->ToString(); break;
    case arrow::Type::DOUBLE: out += Json(static_cast<const arrow::DoubleArray&>(array).Value(row)).dump(); break;
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      return append_json_items(*list.values(), list.value_offset(row), list.value_offset(row + 1), out);
    }
    case arrow::Type::STRUCT: {
      const auto& object = static_cast<const arrow::StructArray&>(array);
      out += '{';
      for (int i = 0; i < object.num_fields(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, object.type()->field(i)->name());
        out += ':';
        CANVASBACK_TRY(append_json(*object.field(i), row, out));
      }
      out += '}';
      break;
    }
    case arrow::Type::TIMESTAMP: {
      const std::string text = array.GetScalar(row).ValueOrDie()->ToString();
      // What Arrow writes for times of years that it cannot tell.
      if (text.starts_with('<')) {
        return time_out_of_range(static_cast<const arrow::TimestampArray&>(array).Value(row), *array.type());
      }
      append_json_string(out, text);
      break;
    }
    default: append_json_string(out, array.GetScalar(row).ValueOrDie()->ToString());
  }
  return {};
}

class Shredder {
 public:
  // All rows of an array into a place, from that row of it on.
  Status add(const arrow::Array& array, const arrow::Field& field, PlaceBuilder& place, std::int64_t first,
             std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      CANVASBACK_TRY(add_value(array, field, place, first + row - begin, row));
    }
    return {};
  }

 private:
  Status add_value(const arrow::Array& array, const arrow::Field& field, PlaceBuilder& place, std::int64_t row,
                   std::int64_t at) {
    if (array.IsNull(at)) {
      place.add_null();
      return {};
    }
    switch (array.type_id()) {
      case arrow::Type::NA: place.add_null(); return {};
      case arrow::Type::BOOL: place.add_bool(row, static_cast<const arrow::BooleanArray&>(array).Value(at)); return {};
      case arrow::Type::INT8: return add_int<arrow::Int8Array>(array, place, row, at);
      case arrow::Type::INT16: return add_int<arrow::Int16Array>(array, place, row, at);
      case arrow::Type::INT32: return add_int<arrow::Int32Array>(array, place, row, at);
      case arrow::Type::INT64: return add_int<arrow::Int64Array>(array, place, row, at);
      case arrow::Type::UINT8: return add_int<arrow::UInt8Array>(array, place, row, at);
      case arrow::Type::UINT16: return add_int<arrow::UInt16Array>(array, place, row, at);
      case arrow::Type::UINT32: return add_int<arrow::UInt32Array>(array, place, row, at);
      case arrow::Type::UINT64:
        return add_unsigned(static_cast<const arrow::UInt64Array&>(array).Value(at), place, row);
      case arrow::Type::FLOAT: place.add_double(row, static_cast<const arrow::FloatArray&>(array).Value(at)); return {};
      case arrow::Type::DOUBLE:
        place.add_double(row, static_cast<const arrow::DoubleArray&>(array).Value(at));
        return {};
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        return add_text(static_cast<const arrow::BinaryArray&>(array).GetView(at), array, place, row);
      case arrow::Type::LARGE_STRING:
      case arrow::Type::LARGE_BINARY:
        return add_text(static_cast<const arrow::LargeBinaryArray&>(array).GetView(at), array, place, row);
      case arrow::Type::DECIMAL128: return add_decimal(array, place, row, at);
      case arrow::Type::DATE32: place.add_date(row, static_cast<const arrow::Date32Array&>(array).Value(at)); return {};
      case arrow::Type::DATE64:
        place.add_date(row,
                       static_cast<std::int32_t>(static_cast<const arrow::Date64Array&>(array).Value(at) / kDayMs));
        return {};
      case arrow::Type::TIMESTAMP: return add_timestamp(array, place, row, at);
      case arrow::Type::LIST: return add_list<arrow::ListArray>(array, field, place, row, at);
      case arrow::Type::LARGE_LIST: return add_list<arrow::LargeListArray>(array, field, place, row, at);
      case arrow::Type::STRUCT: return add_object(array, place, row, at);
      case arrow::Type::DICTIONARY: {
        const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
        return add_value(*dictionary.dictionary(), field, place, row, dictionary.GetValueIndex(at));
      }
      default:
        return fail(ErrorCode::InvalidData, fmt::format("Column \"{}\" has the type {}, which records cannot have.",
                                                        field.name(), sql_type_name(field)));
    }
  }

  template <class Array>
  static Status add_int(const arrow::Array& array, PlaceBuilder& place, std::int64_t row, std::int64_t at) {
    place.add_int(row, static_cast<std::int64_t>(static_cast<const Array&>(array).Value(at)));
    return {};
  }

  static Status add_unsigned(std::uint64_t value, PlaceBuilder& place, std::int64_t row) {
    if (value <= static_cast<std::uint64_t>(INT64_MAX)) {
      place.add_int(row, static_cast<std::int64_t>(value));
    } else {
      place.add_big(row, arrow::Decimal128(std::to_string(value)));
    }
    return {};
  }

  static Status add_text(std::string_view text, const arrow::Array& array, PlaceBuilder& place, std::int64_t row) {
    const bool is_text = array.type_id() == arrow::Type::STRING || array.type_id() == arrow::Type::LARGE_STRING;
    if (is_text) {
      if (!is_utf8(text)) return fail(ErrorCode::InvalidData, "A text is not UTF-8.");
      place.add_string(row, text);
    } else {
      place.add_binary(row, text);
    }
    return {};
  }

  static Status add_decimal(const arrow::Array& array, PlaceBuilder& place, std::int64_t row, std::int64_t at) {
    const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
    const auto& type = static_cast<const arrow::Decimal128Type&>(*array.type());
    const arrow::Decimal128 value(decimals.GetValue(at));
    if (type.scale() != 0) {
      place.add_string(row, value.ToString(type.scale()));
      return {};
    }
    const auto small = value.ToInteger<std::int64_t>();
    if (small.ok()) {
      place.add_int(row, *small);
    } else {
      place.add_big(row, value);
    }
    return {};
  }

  static Status add_timestamp(const arrow::Array& array, PlaceBuilder& place, std::int64_t row, std::int64_t at) {
    CANVASBACK_ASSIGN(const auto micros, microseconds_of(static_cast<const arrow::TimestampArray&>(array), at));
    if (micros) {
      place.add_timestamp(row, *micros);
    } else {
      place.add_string(row, array.GetScalar(at).ValueOrDie()->ToString());
    }
    return {};
  }

  template <class Lists>
  Status add_list(const arrow::Array& array, const arrow::Field& field, PlaceBuilder& place, std::int64_t row,
                  std::int64_t at) {
    const auto& lists = static_cast<const Lists&>(array);
    const auto begin = static_cast<std::int64_t>(lists.value_offset(at));
    const auto end = static_cast<std::int64_t>(lists.value_offset(at + 1));
    if (place.lists_are_text()) {
      std::string text;
      CANVASBACK_TRY(append_json_items(*lists.values(), begin, end, text));
      place.add_list_text(row, text);
      return {};
    }
    place.begin_list(row);
    for (std::int64_t item = begin; item < end; ++item) {
      CANVASBACK_TRY(add_value(*lists.values(), field, place.items(), place.next_item(), item));
    }
    return {};
  }

  Status add_object(const arrow::Array& array, PlaceBuilder& place, std::int64_t row, std::int64_t at) {
    const auto& object = static_cast<const arrow::StructArray&>(array);
    if (place.objects_are_text()) {
      std::string text;
      CANVASBACK_TRY(append_json(array, at, text));
      place.add_object_text(row, text);
      return {};
    }
    place.begin_object(row);
    for (int i = 0; i < object.num_fields(); ++i) {
      const arrow::Field& field = *object.type()->field(i);
      CANVASBACK_TRY(add_value(*object.field(i), field, place.member(field.name()), row, at));
    }
    return {};
  }
};

}  // namespace

Result<Shredded> shred_batch(const arrow::RecordBatch& batch, const TextPlaces& texts) {
  PlaceBuilder root(&texts);
  Shredder shredder;
  if (batch.num_columns() > static_cast<int>(limits::kRecordKeysMax)) {
    return fail(ErrorCode::InvalidData, "There are too many columns.");
  }
  for (int i = 0; i < batch.num_columns(); ++i) {
    const arrow::Field& field = *batch.schema()->field(i);
    if (field.name().empty()) return fail(ErrorCode::InvalidData, "A column has no name.");
    PlaceBuilder& place = root.member(field.name());
    if (!place.touch(0)) {
      return fail(ErrorCode::InvalidData, fmt::format("Two columns are called \"{}\".", field.name()));
    }
    CANVASBACK_TRY(shredder.add(*batch.column(i), field, place, 0, 0, batch.num_rows()));
  }
  Shredded out = root.finish(batch.num_rows());
  out.seen = 0;
  return out;
}

}  // namespace canvasback
