#include "source/delimited/value_columns.hpp"

#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace canvasback::delimited {
namespace {

std::unique_ptr<arrow::ResizableBuffer> allocate(std::int64_t bytes) {
  auto buffer = arrow::AllocateResizableBuffer(bytes);
  if (!buffer.ok()) throw std::bad_alloc();
  return std::move(*buffer);
}

// Which rows have values.
class Validity {
 public:
  explicit Validity(std::int64_t rows) : rows_(rows), bits_(allocate(arrow::bit_util::BytesForBits(rows))) {
    std::memset(bits_->mutable_data(), 0, static_cast<std::size_t>(bits_->size()));
  }
  std::int64_t next_valid() {
    arrow::bit_util::SetBit(bits_->mutable_data(), row_);
    ++valid_;
    return row_++;
  }
  std::int64_t next_null() { return row_++; }
  std::int64_t nulls() const { return rows_ - valid_; }
  std::shared_ptr<arrow::Buffer> take() {
    if (nulls() == 0) return nullptr;
    return std::move(bits_);
  }

 private:
  std::int64_t rows_;
  std::unique_ptr<arrow::ResizableBuffer> bits_;
  std::int64_t row_ = 0;
  std::int64_t valid_ = 0;
};

// Values of one width. Parse: of a text to an optional value.
template <class Value, class Parse>
class FixedColumn final : public ValueColumn {
 public:
  FixedColumn(ValueType type, std::int64_t rows, Parse parse)
      : type_(std::move(type)),
        parse_(std::move(parse)),
        rows_(rows),
        validity_(rows),
        values_(allocate(rows * static_cast<std::int64_t>(sizeof(Value)))) {}

  bool append(std::string_view text) override {
    const auto value = parse_(text, type_);
    if (!value) return false;
    put(validity_.next_valid(), static_cast<Value>(*value));
    return true;
  }
  void append_null() override { put(validity_.next_null(), Value{}); }
  std::shared_ptr<arrow::Array> finish() override {
    const std::int64_t nulls = validity_.nulls();
    std::shared_ptr<arrow::Buffer> values = std::move(values_);
    return arrow::MakeArray(arrow::ArrayData::Make(type_.arrow, rows_, {validity_.take(), std::move(values)}, nulls));
  }

 private:
  void put(std::int64_t row, const Value& value) {
    std::memcpy(values_->mutable_data() + row * static_cast<std::int64_t>(sizeof(Value)), &value, sizeof value);
  }

  ValueType type_;
  Parse parse_;
  std::int64_t rows_;
  Validity validity_;
  std::unique_ptr<arrow::ResizableBuffer> values_;
};

template <class Value, class Parse>
std::unique_ptr<ValueColumn> fixed(const ValueType& type, std::int64_t rows, Parse parse) {
  return std::make_unique<FixedColumn<Value, Parse>>(type, rows, std::move(parse));
}

class BoolColumn final : public ValueColumn {
 public:
  BoolColumn(CellRules rules, std::int64_t rows)
      : rules_(std::move(rules)), rows_(rows), validity_(rows), bits_(allocate(arrow::bit_util::BytesForBits(rows))) {
    std::memset(bits_->mutable_data(), 0, static_cast<std::size_t>(bits_->size()));
  }
  bool append(std::string_view text) override {
    const std::optional<bool> value = bool_of(text, rules_);
    if (!value) return false;
    const std::int64_t row = validity_.next_valid();
    if (*value) arrow::bit_util::SetBit(bits_->mutable_data(), row);
    return true;
  }
  void append_null() override { validity_.next_null(); }
  std::shared_ptr<arrow::Array> finish() override {
    const std::int64_t nulls = validity_.nulls();
    std::shared_ptr<arrow::Buffer> bits = std::move(bits_);
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow::boolean(), rows_, {validity_.take(), std::move(bits)}, nulls));
  }

 private:
  CellRules rules_;
  std::int64_t rows_;
  Validity validity_;
  std::unique_ptr<arrow::ResizableBuffer> bits_;
};

class TextColumnValues final : public ValueColumn {
 public:
  explicit TextColumnValues(std::int64_t rows)
      : rows_(rows),
        validity_(rows),
        offsets_(allocate((rows + 1) * kOffsetBytes)),
        bytes_(allocate(rows * kGuessBytes)) {
    put_offset(0);
  }
  bool append(std::string_view text) override {
    if (size_ + text.size() > static_cast<std::size_t>(bytes_->size())) grow(size_ + text.size());
    std::memcpy(bytes_->mutable_data() + size_, text.data(), text.size());
    size_ += text.size();
    put_offset(validity_.next_valid() + 1);
    return true;
  }
  void append_null() override { put_offset(validity_.next_null() + 1); }
  std::shared_ptr<arrow::Array> finish() override {
    const std::int64_t nulls = validity_.nulls();
    if (!bytes_->Resize(static_cast<std::int64_t>(size_), false).ok()) throw std::bad_alloc();
    std::shared_ptr<arrow::Buffer> offsets = std::move(offsets_);
    std::shared_ptr<arrow::Buffer> bytes = std::move(bytes_);
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow::utf8(), rows_, {validity_.take(), std::move(offsets), std::move(bytes)}, nulls));
  }

 private:
  static constexpr std::int64_t kOffsetBytes = sizeof(std::int32_t);
  static constexpr std::int64_t kGuessBytes = 16;  // of a text, to begin with

  // A part has less than 2 GiB of text (limits::kTextPartBytes and a row), so that 32 bits hold every offset.
  void put_offset(std::int64_t at) {
    const auto offset = static_cast<std::int32_t>(size_);
    std::memcpy(offsets_->mutable_data() + at * kOffsetBytes, &offset, sizeof offset);
  }
  void grow(std::size_t bytes) {
    const auto size = static_cast<std::int64_t>(std::max(bytes, 2 * static_cast<std::size_t>(bytes_->size())));
    if (!bytes_->Resize(size, false).ok()) throw std::bad_alloc();
  }

  std::int64_t rows_;
  Validity validity_;
  std::unique_ptr<arrow::ResizableBuffer> offsets_;
  std::unique_ptr<arrow::ResizableBuffer> bytes_;
  std::size_t size_ = 0;
};

std::unique_ptr<ValueColumn> integer_column(const ValueType& type, const CellRules& rules, std::int64_t rows) {
  const auto parse = [rules](std::string_view text, const ValueType& of) { return integer_of(text, of, rules); };
  switch (type.bits) {
    case 8: return fixed<std::uint8_t>(type, rows, parse);
    case 16: return fixed<std::uint16_t>(type, rows, parse);
    case 32: return fixed<std::uint32_t>(type, rows, parse);
    default: return fixed<std::uint64_t>(type, rows, parse);
  }
}

}  // namespace

std::unique_ptr<ValueColumn> make_value_column(const ValueType& type, const CellRules& rules, std::int64_t rows) {
  const auto number = [rules](std::string_view text, const ValueType&) { return double_value_of(text, rules); };
  const auto single = [rules](std::string_view text, const ValueType&) { return float_value_of(text, rules); };
  const auto decimal = [rules](std::string_view text, const ValueType& of) { return decimal_of(text, of, rules); };
  const auto date = [rules](std::string_view text, const ValueType&) { return date_of(text, rules); };
  const auto time = [rules](std::string_view text, const ValueType&) { return time_of(text, rules); };
  const auto timestamp = [rules](std::string_view text, const ValueType& of) { return timestamp_of(text, of, rules); };
  switch (type.kind) {
    case ValueKind::Text: return std::make_unique<TextColumnValues>(rows);
    case ValueKind::Bool: return std::make_unique<BoolColumn>(rules, rows);
    case ValueKind::Integer: return integer_column(type, rules, rows);
    case ValueKind::Float: return fixed<float>(type, rows, single);
    case ValueKind::Double: return fixed<double>(type, rows, number);
    case ValueKind::Decimal: return fixed<Wide>(type, rows, decimal);
    case ValueKind::Date: return fixed<std::int32_t>(type, rows, date);
    case ValueKind::Time: return fixed<std::int64_t>(type, rows, time);
    case ValueKind::Timestamp:
    case ValueKind::NanoTimestamp:
    case ValueKind::Instant: return fixed<std::int64_t>(type, rows, timestamp);
  }
  return nullptr;
}

}  // namespace canvasback::delimited
