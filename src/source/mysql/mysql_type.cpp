#include "source/mysql/mysql_type.hpp"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr int kDecimalDigitsMax = 65;
constexpr int kDecimalScaleMax = 38;
constexpr int kDecimal128Digits = 38;

struct NamedKind {
  std::string_view name;
  MysqlKind kind;
};
// As information_schema writes them, of MySQL 5.7 to 9 and MariaDB.
constexpr NamedKind kKinds[] = {{"tinyint", MysqlKind::TinyInt},
                                {"smallint", MysqlKind::SmallInt},
                                {"mediumint", MysqlKind::MediumInt},
                                {"int", MysqlKind::Int},
                                {"integer", MysqlKind::Int},
                                {"bigint", MysqlKind::BigInt},
                                {"decimal", MysqlKind::Decimal},
                                {"float", MysqlKind::Float},
                                {"double", MysqlKind::Double},
                                {"bit", MysqlKind::Bit},
                                {"year", MysqlKind::Year},
                                {"date", MysqlKind::Date},
                                {"datetime", MysqlKind::DateTime},
                                {"timestamp", MysqlKind::Timestamp},
                                {"time", MysqlKind::Time},
                                {"char", MysqlKind::Text},
                                {"varchar", MysqlKind::Text},
                                {"tinytext", MysqlKind::Text},
                                {"text", MysqlKind::Text},
                                {"mediumtext", MysqlKind::Text},
                                {"longtext", MysqlKind::Text},
                                {"uuid", MysqlKind::Text},
                                {"inet4", MysqlKind::Text},
                                {"inet6", MysqlKind::Text},
                                {"enum", MysqlKind::Enum},
                                {"set", MysqlKind::Set},
                                {"json", MysqlKind::Json},
                                {"binary", MysqlKind::Binary},
                                {"varbinary", MysqlKind::Binary},
                                {"tinyblob", MysqlKind::Binary},
                                {"blob", MysqlKind::Binary},
                                {"mediumblob", MysqlKind::Binary},
                                {"longblob", MysqlKind::Binary},
                                {"geometry", MysqlKind::Spatial},
                                {"point", MysqlKind::Spatial},
                                {"linestring", MysqlKind::Spatial},
                                {"polygon", MysqlKind::Spatial},
                                {"multipoint", MysqlKind::Spatial},
                                {"multilinestring", MysqlKind::Spatial},
                                {"multipolygon", MysqlKind::Spatial},
                                {"geometrycollection", MysqlKind::Spatial},
                                {"geomcollection", MysqlKind::Spatial}};

std::unexpected<Error> unknown(std::string_view declaration) {
  return fail(ErrorCode::InvalidData, "The MySQL type \"" + std::string(declaration) + "\" is not known.");
}

// "(12,2)" as its numbers; -1 for one that is missing.
std::optional<std::array<int, 2>> numbers_of(std::string_view text) {
  std::array<int, 2> numbers = {-1, -1};
  if (text.empty()) return numbers;
  if (!text.starts_with('(') || !text.ends_with(')')) return std::nullopt;
  text = text.substr(1, text.size() - 2);
  for (int& number : numbers) {
    text = trim(text);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) return std::nullopt;
    text = trim(text.substr(static_cast<std::size_t>(end - text.data())));
    if (text.empty()) return numbers;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

bool is_number(MysqlKind kind) { return kind <= MysqlKind::Double; }

void set_sizes(MysqlType& type, std::string_view name, const std::array<int, 2>& numbers) {
  const auto [first, second] = numbers;
  switch (type.kind) {
    case MysqlKind::Decimal:
      type.precision = first < 0 ? 10 : first;
      type.scale = std::max(second, 0);
      break;
    case MysqlKind::Float:
    case MysqlKind::Double: type.precision = std::max(first, 0); break;
    case MysqlKind::Bit: type.precision = first < 0 ? 1 : first; break;
    case MysqlKind::DateTime:
    case MysqlKind::Timestamp:
    case MysqlKind::Time: type.scale = std::max(first, 0); break;
    case MysqlKind::Text:
    case MysqlKind::Binary:
      if (name.ends_with("char") || name.ends_with("binary")) type.length = first < 0 ? 1 : first;
      if (name == "uuid" || name.starts_with("inet")) type.length = 39;
      break;
    default: break;
  }
}

bool possible(const MysqlType& type) {
  switch (type.kind) {
    case MysqlKind::Decimal:
      return type.precision >= 1 && type.precision <= kDecimalDigitsMax && type.scale <= type.precision &&
             type.scale <= kDecimalScaleMax;
    case MysqlKind::Bit: return type.precision >= 1 && type.precision <= 64;
    default: return type.scale <= 6;
  }
}

std::shared_ptr<arrow::DataType> integer_type(int bits, bool is_unsigned) {
  switch (bits) {
    case 8: return is_unsigned ? arrow::uint8() : arrow::int8();
    case 16: return is_unsigned ? arrow::uint16() : arrow::int16();
    case 32: return is_unsigned ? arrow::uint32() : arrow::int32();
    default: return is_unsigned ? arrow::uint64() : arrow::int64();
  }
}

std::shared_ptr<arrow::DataType> decimal_type(int precision, int scale) {
  if (precision <= kDecimal128Digits) return arrow::decimal128(precision, scale);
  return arrow::decimal256(precision, scale);
}

std::shared_ptr<arrow::DataType> native_type(const MysqlType& type) {
  switch (type.kind) {
    case MysqlKind::TinyInt: return integer_type(8, type.is_unsigned);
    case MysqlKind::SmallInt: return integer_type(16, type.is_unsigned);
    case MysqlKind::MediumInt:
    case MysqlKind::Int: return integer_type(32, type.is_unsigned);
    case MysqlKind::BigInt: return integer_type(64, type.is_unsigned);
    case MysqlKind::Decimal: return decimal_type(type.precision, type.scale);
    case MysqlKind::Float: return arrow::float32();
    case MysqlKind::Double: return arrow::float64();
    case MysqlKind::Bit: return type.precision == 1 ? arrow::boolean() : arrow::uint64();
    case MysqlKind::Year: return arrow::int16();
    case MysqlKind::Date: return arrow::date32();
    case MysqlKind::DateTime: return arrow::timestamp(arrow::TimeUnit::MICRO);
    case MysqlKind::Timestamp: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case MysqlKind::Time:
    case MysqlKind::Text:
    case MysqlKind::Enum:
    case MysqlKind::Set:
    case MysqlKind::Json: return arrow::utf8();
    case MysqlKind::Binary:
    case MysqlKind::Spatial: return arrow::binary();
  }
  return arrow::utf8();
}

// Whether values of a kind can have a type of Arrow's exactly, at least some of them.
bool convertible(MysqlKind from, const arrow::DataType& to) {
  const arrow::Type::type id = to.id();
  const bool number = arrow::is_integer(id) || arrow::is_decimal(id);
  const bool zoned = id == arrow::Type::TIMESTAMP && !static_cast<const arrow::TimestampType&>(to).timezone().empty();
  switch (from) {
    case MysqlKind::TinyInt:
    case MysqlKind::SmallInt:
    case MysqlKind::MediumInt:
    case MysqlKind::Int:
    case MysqlKind::BigInt:
    case MysqlKind::Bit:
    case MysqlKind::Year: return number || id == arrow::Type::BOOL || id == arrow::Type::STRING;
    case MysqlKind::Decimal: return number || id == arrow::Type::STRING;
    case MysqlKind::Float: return number || id == arrow::Type::FLOAT;
    case MysqlKind::Double: return number || id == arrow::Type::DOUBLE;
    case MysqlKind::Date: return id == arrow::Type::DATE32 || id == arrow::Type::STRING;
    case MysqlKind::DateTime:
      return id == arrow::Type::DATE32 || id == arrow::Type::TIMESTAMP || id == arrow::Type::STRING;
    case MysqlKind::Timestamp: return zoned || id == arrow::Type::STRING;
    case MysqlKind::Time: return id == arrow::Type::TIME64 || id == arrow::Type::STRING;
    case MysqlKind::Text:
    case MysqlKind::Enum:
    case MysqlKind::Set: return id != arrow::Type::BINARY;
    case MysqlKind::Json: return id == arrow::Type::STRING;
    case MysqlKind::Binary: return id == arrow::Type::BINARY || id == arrow::Type::STRING;
    case MysqlKind::Spatial: return id == arrow::Type::BINARY;
  }
  return false;
}

struct NamedType {
  std::string_view name;
  std::shared_ptr<arrow::DataType> type;
};

const std::vector<NamedType>& override_types() {
  static const std::vector<NamedType> types = {
      {"boolean", arrow::boolean()},
      {"int8", arrow::int8()},
      {"int16", arrow::int16()},
      {"int32", arrow::int32()},
      {"int64", arrow::int64()},
      {"uint8", arrow::uint8()},
      {"uint16", arrow::uint16()},
      {"uint32", arrow::uint32()},
      {"uint64", arrow::uint64()},
      {"float", arrow::float32()},
      {"double", arrow::float64()},
      {"date", arrow::date32()},
      {"time", arrow::time64(arrow::TimeUnit::MICRO)},
      {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO)},
      {"timestamptz", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"text", arrow::utf8()},
      {"binary", arrow::binary()},
  };
  return types;
}

}  // namespace

Result<MysqlType> mysql_type_from(std::string_view declaration) {
  const std::string text = lower(trim(declaration));
  const std::size_t name_end = std::min(text.find_first_of("( "), text.size());
  const std::string_view name = std::string_view(text).substr(0, name_end);
  const auto* found = std::ranges::find(kKinds, name, &NamedKind::name);
  if (found == std::end(kKinds)) return unknown(declaration);
  MysqlType type;
  type.kind = found->kind;
  std::string_view rest = std::string_view(text).substr(name_end);
  // The values of an ENUM may hold brackets, and say nothing of the type.
  if (type.kind == MysqlKind::Enum || type.kind == MysqlKind::Set) return type;
  const std::size_t sizes_end = rest.starts_with('(') ? rest.find(')') + 1 : 0;
  if (rest.starts_with('(') && sizes_end == 0) return unknown(declaration);
  const auto numbers = numbers_of(rest.substr(0, sizes_end));
  if (!numbers) return unknown(declaration);
  rest.remove_prefix(sizes_end);
  type.is_unsigned = is_number(type.kind) && rest.find("unsigned") != std::string_view::npos;
  set_sizes(type, name, *numbers);
  if (!possible(type)) return unknown(declaration);
  return type;
}

Result<std::shared_ptr<arrow::DataType>> mysql_override_from(std::string_view name) {
  const std::string wanted = lower(trim(name));
  for (const NamedType& type : override_types()) {
    if (type.name == wanted) return type.type;
  }
  if (wanted.starts_with("decimal")) {
    const auto numbers = numbers_of(trim(std::string_view(wanted).substr(std::string_view("decimal").size())));
    if (numbers && numbers->front() >= 1 && numbers->front() <= kDecimalDigitsMax) {
      const int scale = std::max(numbers->back(), 0);
      if (scale <= numbers->front() && scale <= kDecimalScaleMax) return decimal_type(numbers->front(), scale);
    }
  }
  return fail(ErrorCode::InvalidData,
              "The type \"" + std::string(name) +
                  "\" must be boolean, int8 to int64, uint8 to uint64, decimal(p,s), float, double, date, time, "
                  "timestamp, timestamptz, text or binary.");
}

Result<std::shared_ptr<arrow::DataType>> arrow_type_of(const MysqlColumn& column) {
  std::shared_ptr<arrow::DataType> native = native_type(column.type);
  if (column.read_as.empty()) return native;
  auto wanted = mysql_override_from(column.read_as);
  if (!wanted) {
    return fail(ErrorCode::InvalidData, "Column \"" + column.name + "\": " + wanted.error().message);
  }
  if (!(*wanted)->Equals(*native) && !convertible(column.type.kind, **wanted)) {
    return fail(ErrorCode::InvalidData, "Column \"" + column.name + "\" is " + column.declared +
                                            ", whose values cannot be read as " + column.read_as + " exactly.");
  }
  return std::move(*wanted);
}

Result<std::shared_ptr<arrow::Schema>> arrow_schema_of(const std::vector<MysqlColumn>& columns) {
  arrow::FieldVector fields;
  for (const MysqlColumn& column : columns) {
    CANVASBACK_ASSIGN(std::shared_ptr<arrow::DataType> type, arrow_type_of(column));
    fields.push_back(arrow::field(column.name, std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace canvasback
