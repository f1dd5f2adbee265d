#include "encode/mysql/mysql_text.hpp"

#include <arrow/array.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "record/type_name.hpp"

namespace canvasback {
namespace {

using Form = MysqlRows::Form;

bool is_mysql_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::STRING: return true;
    case arrow::Type::TIMESTAMP: {
      const auto& time = static_cast<const arrow::TimestampType&>(type);
      return time.unit() == arrow::TimeUnit::MICRO && time.timezone().empty();
    }
    default: return false;
  }
}

// What a byte is escaped as, or 0.
char escape_of(char byte, Form form) {
  switch (byte) {
    case '\\': return '\\';
    case '\n': return 'n';
    case '\0': return '0';
    case '\r': return form == Form::Literals ? 'r' : '\0';
    case '\x1a': return form == Form::Literals ? 'Z' : '\0';
    case '\'': return form == Form::Literals ? '\'' : '\0';
    case '\t': return form == Form::Fields ? 't' : '\0';
    default: return '\0';
  }
}

void append_text(std::string_view text, Form form, TextWriter& out) {
  if (form == Form::Literals) out.append('\'');
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char escape = escape_of(text[i], form);
    if (escape == '\0') continue;
    out.append(text.substr(written, i - written));
    out.append('\\');
    out.append(escape);
    written = i + 1;
  }
  out.append(text.substr(written));
  if (form == Form::Literals) out.append('\'');
}

void append_time(std::int64_t micros, Form form, TextWriter& out) {
  constexpr std::size_t kDateBytes = 10;  // 2025-01-31, before a T
  if (form == Form::Literals) out.append('\'');
  char* const begin = out.reserve(kTimestampChars);
  char* const end = write_timestamp(begin, micros, TimeUnit::Microsecond, false);
  std::replace(begin + std::min<std::ptrdiff_t>(kDateBytes, end - begin), end, 'T', ' ');
  out.advance_to(end);
  if (form == Form::Literals) out.append('\'');
}

template <class Array>
void append_integer(const arrow::Array& array, std::int64_t row, TextWriter& out) {
  const auto value = static_cast<std::int64_t>(static_cast<const Array&>(array).Value(row));
  out.advance_to(write_integer(out.reserve(kIntegerChars), value));
}

void append_decimal(const arrow::Array& array, std::int64_t row, TextWriter& out) {
  const arrow::Decimal128 value(static_cast<const arrow::Decimal128Array&>(array).GetValue(row));
  const int scale = static_cast<const arrow::Decimal128Type&>(*array.type()).scale();
  out.advance_to(write_decimal128(out.reserve(kDecimalChars), value.high_bits(), value.low_bits(), scale));
}

}  // namespace

std::string mysql_identifier(std::string_view name) {
  std::string out = "`";
  for (const char byte : name) out.append(byte == '`' ? 2 : 1, byte);
  return out + '`';
}

Status MysqlRows::check(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    if (is_mysql_type(*field->type())) continue;
    return fail(ErrorCode::DataProcessing, fmt::format("Column \"{}\" of type {} cannot be written for MySQL.",
                                                       field->name(), sql_type_name(*field)));
  }
  return {};
}

MysqlRows::MysqlRows(const arrow::RecordBatch& batch, Form form) : columns_(batch.columns()), form_(form) {
  const SchemaPtr schema = batch.schema();
  for (const auto& field : schema->fields()) {
    names_.push_back(mysql_identifier(field->name()));
    bare_names_.push_back(field->name());
  }
}

void MysqlRows::append_value(std::size_t column, std::int64_t row, TextWriter& out) const {
  const arrow::Array& array = *columns_[column];
  if (array.IsNull(row)) return out.append(std::string_view(form_ == Form::Literals ? "NULL" : "\\N"));
  switch (array.type_id()) {
    case arrow::Type::INT8: return append_integer<arrow::Int8Array>(array, row, out);
    case arrow::Type::INT16: return append_integer<arrow::Int16Array>(array, row, out);
    case arrow::Type::INT32: return append_integer<arrow::Int32Array>(array, row, out);
    case arrow::Type::INT64: return append_integer<arrow::Int64Array>(array, row, out);
    case arrow::Type::DECIMAL128: return append_decimal(array, row, out);
    case arrow::Type::TIMESTAMP:
      return append_time(static_cast<const arrow::TimestampArray&>(array).Value(row), form_, out);
    default: return append_text(static_cast<const arrow::StringArray&>(array).GetView(row), form_, out);
  }
}

void MysqlRows::append_row(std::int64_t row, char separator, TextWriter& out) const {
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (column > 0) out.append(separator);
    append_value(column, row, out);
  }
}

void MysqlRows::append_assignments(std::int64_t row, const std::vector<std::string_view>& without,
                                   TextWriter& out) const {
  bool is_first = true;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (std::ranges::find(without, bare_names_[column]) != without.end()) continue;
    if (!std::exchange(is_first, false)) out.append(std::string_view(", "));
    out.append(names_[column]);
    out.append(std::string_view(" = "));
    append_value(column, row, out);
  }
}

}  // namespace canvasback
