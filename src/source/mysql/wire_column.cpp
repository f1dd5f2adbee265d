#include "source/mysql/wire_column.hpp"

#include <algorithm>

namespace canvasback {
namespace {

constexpr unsigned kNotNullFlag = 1;
constexpr unsigned kUnsignedFlag = 32;
constexpr unsigned kEnumFlag = 256;
constexpr unsigned kSetFlag = 2048;
constexpr unsigned kBinaryCharset = 63;
constexpr std::int64_t kBytesPerCharacter = 4;  // of utf8mb4, in which results come
constexpr unsigned kDecimalsOpen = 31;          // of floating-point numbers: no digits are declared
constexpr unsigned kFractionDigitsMax = 6;      // more is "as many as there are"

bool set_kind(const MysqlWireColumn& wire, MysqlType& type) {
  const bool is_binary = wire.charset == kBinaryCharset;
  switch (wire.type) {
    case 1: type.kind = MysqlKind::TinyInt; return true;
    case 2: type.kind = MysqlKind::SmallInt; return true;
    case 3: type.kind = MysqlKind::Int; return true;
    case 4: type.kind = MysqlKind::Float; return true;
    case 5: type.kind = MysqlKind::Double; return true;
    case 7: type.kind = MysqlKind::Timestamp; return true;
    case 8: type.kind = MysqlKind::BigInt; return true;
    case 9: type.kind = MysqlKind::MediumInt; return true;
    case 10:
    case 14: type.kind = MysqlKind::Date; return true;
    case 11: type.kind = MysqlKind::Time; return true;
    case 12: type.kind = MysqlKind::DateTime; return true;
    case 13: type.kind = MysqlKind::Year; return true;
    case 16: type.kind = MysqlKind::Bit; return true;
    case 245: type.kind = MysqlKind::Json; return true;
    case 0:
    case 246: type.kind = MysqlKind::Decimal; return true;
    case 247: type.kind = MysqlKind::Enum; return true;
    case 248: type.kind = MysqlKind::Set; return true;
    case 15:
    case 249:
    case 250:
    case 251:
    case 252:
    case 253:
    case 254:
      type.kind = is_binary ? MysqlKind::Binary : MysqlKind::Text;
      if ((wire.flags & kEnumFlag) != 0) type.kind = MysqlKind::Enum;
      if ((wire.flags & kSetFlag) != 0) type.kind = MysqlKind::Set;
      return true;
    case 255: type.kind = MysqlKind::Spatial; return true;
    default: return false;
  }
}

bool is_blob(unsigned type) { return type >= 249 && type <= 252; }

void set_sizes(const MysqlWireColumn& wire, MysqlType& type) {
  const auto length = static_cast<std::int64_t>(wire.length);
  switch (type.kind) {
    case MysqlKind::Decimal: {
      type.scale = static_cast<int>(wire.decimals);
      // Characters: the digits, a point where there is a fraction, a sign where there may be one.
      const std::int64_t marks = (type.scale > 0 ? 1 : 0) + (type.is_unsigned ? 0 : 1);
      type.precision = static_cast<int>(std::clamp<std::int64_t>(length - marks, 1, 65));
      break;
    }
    case MysqlKind::Float:
    case MysqlKind::Double:
      if (wire.decimals < kDecimalsOpen) type.precision = static_cast<int>(std::min<std::int64_t>(length, 255));
      break;
    case MysqlKind::Bit: type.precision = static_cast<int>(std::clamp<std::int64_t>(length, 1, 64)); break;
    case MysqlKind::DateTime:
    case MysqlKind::Timestamp:
    case MysqlKind::Time: type.scale = static_cast<int>(std::min(wire.decimals, kFractionDigitsMax)); break;
    case MysqlKind::Text: type.length = is_blob(wire.type) ? 0 : length / kBytesPerCharacter; break;
    case MysqlKind::Binary: type.length = is_blob(wire.type) ? 0 : length; break;
    default: break;
  }
}

std::string with_size(const char* name, std::int64_t size) {
  return std::string(name) + (size > 0 ? "(" + std::to_string(size) + ")" : "");
}

std::string declaration_of(const MysqlType& type) {
  const std::string sign = type.is_unsigned ? " unsigned" : "";
  switch (type.kind) {
    case MysqlKind::TinyInt: return "tinyint" + sign;
    case MysqlKind::SmallInt: return "smallint" + sign;
    case MysqlKind::MediumInt: return "mediumint" + sign;
    case MysqlKind::Int: return "int" + sign;
    case MysqlKind::BigInt: return "bigint" + sign;
    case MysqlKind::Decimal:
      return "decimal(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")" + sign;
    case MysqlKind::Float: return "float" + sign;
    case MysqlKind::Double: return "double" + sign;
    case MysqlKind::Bit: return with_size("bit", type.precision);
    case MysqlKind::Year: return "year";
    case MysqlKind::Date: return "date";
    case MysqlKind::DateTime: return with_size("datetime", type.scale);
    case MysqlKind::Timestamp: return with_size("timestamp", type.scale);
    case MysqlKind::Time: return with_size("time", type.scale);
    case MysqlKind::Text: return type.length > 0 ? with_size("varchar", type.length) : "longtext";
    case MysqlKind::Enum: return "enum";
    case MysqlKind::Set: return "set";
    case MysqlKind::Json: return "json";
    case MysqlKind::Binary: return type.length > 0 ? with_size("varbinary", type.length) : "longblob";
    case MysqlKind::Spatial: return "geometry";
  }
  return {};
}

// Kinds whose values travel in one form and have one type of Arrow's.
MysqlKind form_of(MysqlKind kind) {
  switch (kind) {
    case MysqlKind::MediumInt: return MysqlKind::Int;
    case MysqlKind::Enum:
    case MysqlKind::Set:
    case MysqlKind::Json: return MysqlKind::Text;
    default: return kind;
  }
}

// MariaDB's UUID and INET types arrive as text, but some versions say that it is binary.
bool is_text_of_mariadb(const MysqlColumn& expected) {
  return expected.declared.starts_with("uuid") || expected.declared.starts_with("inet");
}

bool fits(const MysqlColumn& expected, const MysqlType& found) {
  const MysqlType& type = expected.type;
  const MysqlKind form = form_of(type.kind);
  if (form != form_of(found.kind)) return is_text_of_mariadb(expected) && found.kind == MysqlKind::Binary;
  switch (form) {
    case MysqlKind::TinyInt:
    case MysqlKind::SmallInt:
    case MysqlKind::Int:
    case MysqlKind::BigInt: return type.is_unsigned == found.is_unsigned;
    case MysqlKind::Decimal: return type.precision == found.precision && type.scale == found.scale;
    case MysqlKind::Bit: return type.precision == found.precision;
    case MysqlKind::Time: return type.scale == found.scale;
    default: return true;
  }
}

}  // namespace

Result<MysqlColumn> column_from_wire(const MysqlWireColumn& wire) {
  MysqlColumn column;
  column.name = wire.name;
  if (!set_kind(wire, column.type)) {
    return fail(ErrorCode::InvalidData, "Column \"" + wire.name + "\" is of the MySQL type number " +
                                            std::to_string(wire.type) + ", which is not known.");
  }
  const bool is_number = column.type.kind <= MysqlKind::Double;
  column.type.is_unsigned = is_number && (wire.flags & kUnsignedFlag) != 0;
  set_sizes(wire, column.type);
  column.declared = declaration_of(column.type);
  column.nullable = (wire.flags & kNotNullFlag) == 0;
  return column;
}

Status check_wire(const std::vector<MysqlColumn>& expected, const std::vector<MysqlWireColumn>& found) {
  if (expected.size() != found.size()) {
    return fail(ErrorCode::SchemaValidation, "The result has " + std::to_string(found.size()) + " columns where " +
                                                 std::to_string(expected.size()) + " are expected.");
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i].name != found[i].name) {
      return fail(ErrorCode::SchemaValidation, "The result has the column \"" + found[i].name + "\" where \"" +
                                                   expected[i].name + "\" is expected.");
    }
    CANVASBACK_ASSIGN(const MysqlColumn column, column_from_wire(found[i]));
    if (!fits(expected[i], column.type)) {
      return fail(ErrorCode::SchemaValidation, "Column \"" + expected[i].name + "\" is " + column.declared +
                                                   " in the result, and " + expected[i].declared + " is expected.");
    }
  }
  return {};
}

}  // namespace canvasback
