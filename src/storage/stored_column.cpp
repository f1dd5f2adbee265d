#include "storage/stored_column.hpp"

#include <arrow/array/concatenate.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "analyse/integer128.hpp"
#include "base/limits.hpp"
#include "storage/text_codes.hpp"

namespace canvasback {
namespace {

constexpr const char* kBaseKey = "canvasback.base";
constexpr const char* kTypeKey = "canvasback.stored";
constexpr std::int32_t kDigitsOf64Bits = 18;  // a decimal of so many is a number of 64 bits
constexpr std::size_t kDictionaryBytesMax = 4 * limits::kMiB;

std::unexpected<Error> no_memory(const arrow::Status& status) {
  return fail(ErrorCode::MemoryLimit, "There is no memory for the view.", status.ToString());
}

// Calls work with a null pointer of the C type that values of a whole-numbered type have; false for other types.
template <class Work>
bool with_number_type(const arrow::DataType& type, Work work) {
  switch (type.id()) {
    case arrow::Type::INT16: return work(static_cast<std::int16_t*>(nullptr));
    case arrow::Type::UINT16: return work(static_cast<std::uint16_t*>(nullptr));
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return work(static_cast<std::int32_t*>(nullptr));
    case arrow::Type::UINT32: return work(static_cast<std::uint32_t*>(nullptr));
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP: return work(static_cast<std::int64_t*>(nullptr));
    case arrow::Type::UINT64: return work(static_cast<std::uint64_t*>(nullptr));
    case arrow::Type::DECIMAL128:
      if (static_cast<const arrow::DecimalType&>(type).precision() > kDigitsOf64Bits) return false;
      return work(static_cast<analyse::Int128*>(nullptr));
    default: return false;
  }
}

// Values travel as 64 bits, whatever their sign: a distance is right modulo 2^64.
template <class Value>
std::uint64_t word_of(Value value) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}

template <class Value>
const Value* values_of(const arrow::ArrayData& data) {
  return reinterpret_cast<const Value*>(data.buffers[1]->data()) + data.offset;
}

bool is_valid(const arrow::ArrayData& data, std::int64_t row) {
  return !data.buffers[0] || arrow::bit_util::GetBit(data.buffers[0]->data(), data.offset + row);
}

template <class Value>
struct Bounds {
  Value least = 0;
  Value greatest = 0;
  bool any = false;
};

template <class Value>
Bounds<Value> bounds_of(const arrow::ArrayVector& chunks) {
  Bounds<Value> out;
  for (const auto& chunk : chunks) {
    const arrow::ArrayData& data = *chunk->data();
    const Value* values = values_of<Value>(data);
    const bool nulls = chunk->null_count() > 0;
    for (std::int64_t i = 0; i < chunk->length(); ++i) {
      if (nulls && !is_valid(data, i)) continue;
      if (!out.any) out = {values[i], values[i], true};
      out.least = std::min(out.least, values[i]);
      out.greatest = std::max(out.greatest, values[i]);
    }
  }
  return out;
}

std::int64_t rows_of(const arrow::ArrayVector& chunks) {
  std::int64_t rows = 0;
  for (const auto& chunk : chunks) rows += chunk->length();
  return rows;
}

// The chunks' validity as one bitmap; nullptr where nothing is null.
arrow::Result<std::shared_ptr<arrow::Buffer>> validity_of(const arrow::ArrayVector& chunks) {
  std::int64_t nulls = 0;
  for (const auto& chunk : chunks) nulls += chunk->null_count();
  if (nulls == 0) return std::shared_ptr<arrow::Buffer>();
  arrow::TypedBufferBuilder<bool> bits;
  ARROW_RETURN_NOT_OK(bits.Reserve(rows_of(chunks)));
  for (const auto& chunk : chunks) {
    for (std::int64_t i = 0; i < chunk->length(); ++i) bits.UnsafeAppend(chunk->IsValid(i));
  }
  return bits.Finish();
}

template <class Value, class Stored>
arrow::Result<std::shared_ptr<arrow::Array>> distances(const arrow::ArrayVector& chunks, std::uint64_t base) {
  const std::int64_t rows = rows_of(chunks);
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(rows * static_cast<std::int64_t>(sizeof(Stored))));
  auto* out = reinterpret_cast<Stored*>(buffer->mutable_data());
  for (const auto& chunk : chunks) {
    const Value* values = values_of<Value>(*chunk->data());
    // What stands where a value is null may be anything, and is written as anything.
    for (std::int64_t i = 0; i < chunk->length(); ++i) *out++ = static_cast<Stored>(word_of(values[i]) - base);
  }
  ARROW_ASSIGN_OR_RAISE(auto validity, validity_of(chunks));
  auto data = arrow::ArrayData::Make(arrow::CTypeTraits<Stored>::type_singleton(), rows,
                                     {std::move(validity), std::shared_ptr<arrow::Buffer>(std::move(buffer))});
  return arrow::MakeArray(data);
}

template <class Value>
arrow::Result<std::shared_ptr<arrow::Array>> narrowed(const arrow::ArrayVector& chunks, std::uint64_t& base) {
  const Bounds<Value> bounds = bounds_of<Value>(chunks);
  if constexpr (sizeof(Value) > 8) {
    // Whoever wrote the file may not have kept to the digits that it speaks of.
    if (INT64_MIN > bounds.least || bounds.greatest > INT64_MAX) return std::shared_ptr<arrow::Array>();
  }
  base = word_of(bounds.least);
  const std::uint64_t range = word_of(bounds.greatest) - base;
  if (range <= UINT8_MAX) return distances<Value, std::uint8_t>(chunks, base);
  if (range <= UINT16_MAX && sizeof(Value) > 2) return distances<Value, std::uint16_t>(chunks, base);
  if (range <= UINT32_MAX && sizeof(Value) > 4) return distances<Value, std::uint32_t>(chunks, base);
  if (sizeof(Value) > 8) return distances<Value, std::uint64_t>(chunks, base);
  return std::shared_ptr<arrow::Array>();
}

const arrow::DictionaryArray* as_dictionary(const arrow::Array& chunk) {
  return chunk.type_id() == arrow::Type::DICTIONARY ? &static_cast<const arrow::DictionaryArray&>(chunk) : nullptr;
}

// The numbers of a chunk's texts; false where there are too many of them.
arrow::Result<bool> add_codes(const arrow::Array& chunk, TextCodes& codes, arrow::UInt16Builder& out) {
  ARROW_RETURN_NOT_OK(out.Reserve(chunk.length()));
  const arrow::DictionaryArray* dictionary = as_dictionary(chunk);
  const auto& texts = static_cast<const arrow::StringArray&>(dictionary == nullptr ? chunk : *dictionary->dictionary());
  std::vector<std::optional<std::uint32_t>> known(dictionary == nullptr ? 0 : static_cast<std::size_t>(texts.length()));
  for (std::int64_t i = 0; i < chunk.length(); ++i) {
    if (chunk.IsNull(i)) {
      out.UnsafeAppendNull();
      continue;
    }
    const std::int64_t at = dictionary == nullptr ? i : dictionary->GetValueIndex(i);
    std::optional<std::uint32_t> code = dictionary == nullptr ? std::nullopt : known[static_cast<std::size_t>(at)];
    if (!code) {
      code = codes.code(texts.GetView(at));
      if (!code) return false;
      if (dictionary != nullptr) known[static_cast<std::size_t>(at)] = code;
    }
    out.UnsafeAppend(static_cast<std::uint16_t>(*code));
  }
  return true;
}

// nullptr where they do not repeat enough to be worth it.
arrow::Result<std::shared_ptr<arrow::Array>> as_codes(const arrow::ArrayVector& chunks) {
  TextCodes codes({UINT16_MAX, kDictionaryBytesMax});
  arrow::UInt16Builder indices;
  std::int64_t rows = 0;
  for (const auto& chunk : chunks) {
    ARROW_ASSIGN_OR_RAISE(const bool few, add_codes(*chunk, codes, indices));
    rows += chunk->length();
    // Found out early, before most of them were looked at.
    if (!few || (rows > 4096 && codes.size() * 2 > static_cast<std::size_t>(rows))) {
      return std::shared_ptr<arrow::Array>();
    }
  }
  arrow::StringBuilder texts;
  for (std::size_t code = 0; code < codes.size(); ++code) ARROW_RETURN_NOT_OK(texts.Append(codes.text(code)));
  ARROW_ASSIGN_OR_RAISE(auto dictionary, texts.Finish());
  ARROW_ASSIGN_OR_RAISE(auto numbers, indices.Finish());
  if (codes.size() <= UINT8_MAX) {
    std::uint64_t base = 0;
    ARROW_ASSIGN_OR_RAISE(numbers, (distances<std::uint16_t, std::uint8_t>({numbers}, base)));
  }
  return arrow::DictionaryArray::FromArrays(arrow::dictionary(numbers->type(), arrow::utf8()), numbers, dictionary);
}

arrow::Result<std::shared_ptr<arrow::Array>> without_dictionary(const arrow::DictionaryArray& chunk) {
  const arrow::ArraySpan values(*chunk.dictionary()->data());
  std::unique_ptr<arrow::ArrayBuilder> out;
  ARROW_RETURN_NOT_OK(arrow::MakeBuilder(arrow::default_memory_pool(), chunk.dictionary()->type(), &out));
  ARROW_RETURN_NOT_OK(out->Reserve(chunk.length()));
  for (std::int64_t i = 0; i < chunk.length(); ++i) {
    ARROW_RETURN_NOT_OK(chunk.IsNull(i) ? out->AppendNull() : out->AppendArraySlice(values, chunk.GetValueIndex(i), 1));
  }
  return out->Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> plain(const arrow::Field& field, const arrow::ArrayVector& chunks) {
  arrow::ArrayVector arrays;
  for (const auto& chunk : chunks) {
    const arrow::DictionaryArray* dictionary = as_dictionary(*chunk);
    arrays.push_back(chunk);
    if (dictionary == nullptr) continue;
    ARROW_ASSIGN_OR_RAISE(arrays.back(), without_dictionary(*dictionary));
  }
  if (arrays.empty()) return arrow::MakeEmptyArray(field.type());
  if (arrays.size() == 1) return arrays[0];
  return arrow::Concatenate(arrays);
}

arrow::Result<StoredColumn> stored(const arrow::Field& field, const arrow::ArrayVector& chunks) {
  const std::string type = field.type()->ToString();
  std::shared_ptr<arrow::Array> values;
  std::uint64_t base = 0;
  arrow::Status status;
  with_number_type(*field.type(), [&]<class Value>(Value*) {
    auto made = narrowed<Value>(chunks, base);
    status = made.status();
    if (made.ok()) values = *made;
    return true;
  });
  ARROW_RETURN_NOT_OK(status);
  if (field.type()->id() == arrow::Type::STRING) {
    ARROW_ASSIGN_OR_RAISE(values, as_codes(chunks));
  }
  if (!values) {
    ARROW_ASSIGN_OR_RAISE(values, plain(field, chunks));
    return StoredColumn{arrow::field(field.name(), field.type()), std::move(values)};
  }
  const auto metadata =
      arrow::key_value_metadata({kTypeKey, kBaseKey}, {type, fmt::format("{}", static_cast<std::int64_t>(base))});
  return StoredColumn{arrow::field(field.name(), values->type(), true, metadata), std::move(values)};
}

template <class Builder, class Value>
arrow::Status append_value(arrow::ArrayBuilder& builder, Value value) {
  return static_cast<Builder&>(builder).Append(value);
}

arrow::Status append_number(arrow::ArrayBuilder& builder, std::int64_t value) {
  switch (builder.type()->id()) {
    case arrow::Type::INT16: return append_value<arrow::Int16Builder>(builder, static_cast<std::int16_t>(value));
    case arrow::Type::UINT16: return append_value<arrow::UInt16Builder>(builder, static_cast<std::uint16_t>(value));
    case arrow::Type::INT32: return append_value<arrow::Int32Builder>(builder, static_cast<std::int32_t>(value));
    case arrow::Type::DATE32: return append_value<arrow::Date32Builder>(builder, static_cast<std::int32_t>(value));
    case arrow::Type::UINT32: return append_value<arrow::UInt32Builder>(builder, static_cast<std::uint32_t>(value));
    case arrow::Type::INT64: return append_value<arrow::Int64Builder>(builder, value);
    case arrow::Type::TIMESTAMP: return append_value<arrow::TimestampBuilder>(builder, value);
    case arrow::Type::UINT64: return append_value<arrow::UInt64Builder>(builder, static_cast<std::uint64_t>(value));
    case arrow::Type::DECIMAL128: return append_value<arrow::Decimal128Builder>(builder, arrow::Decimal128(value));
    default: return arrow::Status::TypeError("not a whole number");
  }
}

std::uint64_t unsigned_at(const arrow::ArrayData& data, const arrow::DataType& type, std::int64_t row) {
  switch (type.id()) {
    case arrow::Type::UINT8: return values_of<std::uint8_t>(data)[row];
    case arrow::Type::UINT16: return values_of<std::uint16_t>(data)[row];
    case arrow::Type::UINT32: return values_of<std::uint32_t>(data)[row];
    default: return values_of<std::uint64_t>(data)[row];
  }
}

bool is_unsigned(const arrow::DataType& type) {
  return type.id() == arrow::Type::UINT8 || type.id() == arrow::Type::UINT16 || type.id() == arrow::Type::UINT32 ||
         type.id() == arrow::Type::UINT64;
}

}  // namespace

Result<StoredColumn> store_column(const arrow::Field& field, const arrow::ArrayVector& chunks) {
  auto made = stored(field, chunks);
  if (!made.ok()) return no_memory(made.status());
  return std::move(*made);
}

Result<std::shared_ptr<arrow::Array>> plain_column(const arrow::Field& field, const arrow::ArrayVector& chunks) {
  auto made = plain(field, chunks);
  if (!made.ok()) return no_memory(made.status());
  return std::move(*made);
}

std::optional<StoredForm> StoredForm::of(const arrow::Field& stored, const arrow::DataType& type) {
  StoredForm form;
  const auto& metadata = stored.metadata();
  const auto kept = metadata ? metadata->Get(kTypeKey) : arrow::Result<std::string>(arrow::Status::KeyError(""));
  if (!kept.ok()) return stored.type()->Equals(type) ? std::optional(form) : std::nullopt;
  if (*kept != type.ToString()) return std::nullopt;
  if (stored.type()->id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryType&>(*stored.type());
    if (!dictionary.value_type()->Equals(type) || !is_unsigned(*dictionary.index_type())) return std::nullopt;
    form.kind_ = Kind::Dictionary;
    return form;
  }
  const std::string base = metadata->Get(kBaseKey).ValueOr("");
  const auto [end, error] = std::from_chars(base.data(), base.data() + base.size(), form.base_);
  const bool number = with_number_type(type, [](auto*) { return true; });
  if (error != std::errc() || end != base.data() + base.size() || !number || !is_unsigned(*stored.type())) {
    return std::nullopt;
  }
  form.kind_ = Kind::Distance;
  return form;
}

arrow::Status StoredForm::append_distances(const arrow::ArrayData& values, std::int64_t row, std::int64_t count,
                                           arrow::ArrayBuilder& builder) const {
  for (std::int64_t i = row; i < row + count; ++i) {
    if (!is_valid(values, i)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    const std::uint64_t word = static_cast<std::uint64_t>(base_) + unsigned_at(values, *values.type, i);
    ARROW_RETURN_NOT_OK(append_number(builder, static_cast<std::int64_t>(word)));
  }
  return arrow::Status::OK();
}

arrow::Status StoredForm::append(const arrow::ArrayData& values, std::int64_t row, std::int64_t count,
                                 arrow::ArrayBuilder& builder) const {
  if (kind_ == Kind::Plain) return builder.AppendArraySlice(arrow::ArraySpan(values), row, count);
  if (kind_ == Kind::Distance) return append_distances(values, row, count, builder);
  const auto& index_type = *static_cast<const arrow::DictionaryType&>(*values.type).index_type();
  const arrow::StringArray texts(values.dictionary);
  for (std::int64_t i = row; i < row + count; ++i) {
    if (!is_valid(values, i)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    const std::uint64_t code = unsigned_at(values, index_type, i);
    if (code >= static_cast<std::uint64_t>(texts.length())) return arrow::Status::Invalid("no such text");
    ARROW_RETURN_NOT_OK(
        static_cast<arrow::StringBuilder&>(builder).Append(texts.GetView(static_cast<std::int64_t>(code))));
  }
  return arrow::Status::OK();
}

}  // namespace canvasback
