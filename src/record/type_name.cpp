#include "record/type_name.hpp"

#include <arrow/extension_type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include "base/text.hpp"

namespace canvasback {
namespace {

bool is_plain_identifier(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
  }
  return true;
}

std::string type_name(const arrow::DataType& type);

// "STRUCT(a INTEGER, "odd name" VARCHAR)"
std::string members_name(std::string_view kind, const arrow::DataType& type) {
  std::string text = fmt::format("{}(", kind);
  for (const auto& field : type.fields()) {
    if (text.back() != '(') text += ", ";
    text += is_plain_identifier(field->name()) ? field->name() : sql_identifier(field->name());
    text += ' ' + sql_type_name(*field);
  }
  return text + ")";
}

std::string timestamp_name(const arrow::TimestampType& type) {
  if (!type.timezone().empty()) return "TIMESTAMP WITH TIME ZONE";
  return type.unit() == arrow::TimeUnit::NANO ? "TIMESTAMP_NS" : "TIMESTAMP";
}

std::string nested_name(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW: return sql_type_name(*type.field(0)) + "[]";
    case arrow::Type::FIXED_SIZE_LIST:
      return fmt::format("{}[{}]", sql_type_name(*type.field(0)),
                         static_cast<const arrow::FixedSizeListType&>(type).list_size());
    case arrow::Type::STRUCT: return members_name("STRUCT", type);
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION: return members_name("UNION", type);
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return fmt::format("MAP({}, {})", sql_type_name(*map.key_field()), sql_type_name(*map.item_field()));
    }
    case arrow::Type::DICTIONARY: return type_name(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::RUN_END_ENCODED:
      return type_name(*static_cast<const arrow::RunEndEncodedType&>(type).value_type());
    case arrow::Type::EXTENSION: return type_name(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    default: return type.ToString();
  }
}

std::string type_name(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA: return "\"NULL\"";
    case arrow::Type::BOOL: return "BOOLEAN";
    case arrow::Type::INT8: return "TINYINT";
    case arrow::Type::INT16: return "SMALLINT";
    case arrow::Type::INT32: return "INTEGER";
    case arrow::Type::INT64: return "BIGINT";
    case arrow::Type::UINT8: return "UTINYINT";
    case arrow::Type::UINT16: return "USMALLINT";
    case arrow::Type::UINT32: return "UINTEGER";
    case arrow::Type::UINT64: return "UBIGINT";
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT: return "FLOAT";
    case arrow::Type::DOUBLE: return "DOUBLE";
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return fmt::format("DECIMAL({},{})", decimal.precision(), decimal.scale());
    }
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return "VARCHAR";
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY: return "BLOB";
    case arrow::Type::DATE32:
    case arrow::Type::DATE64: return "DATE";
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: return "TIME";
    case arrow::Type::TIMESTAMP: return timestamp_name(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::DURATION:
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::INTERVAL_DAY_TIME:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: return "INTERVAL";
    default: return nested_name(type);
  }
}

}  // namespace

std::string sql_type_name(const arrow::Field& field) {
  if (field.HasMetadata()) {
    const int at = field.metadata()->FindKey(kTypeNameKey);
    if (at >= 0) return field.metadata()->value(at);
  }
  return type_name(*field.type());
}

}  // namespace canvasback
