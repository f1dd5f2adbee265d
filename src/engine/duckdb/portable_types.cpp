#include "engine/duckdb/portable_types.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/text.hpp"
#include "engine/duckdb/handles.hpp"

namespace canvasback::duck {
namespace {

std::string scalar_text(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN: return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT: return "TINYINT";
    case DUCKDB_TYPE_SMALLINT: return "SMALLINT";
    case DUCKDB_TYPE_INTEGER: return "INTEGER";
    case DUCKDB_TYPE_BIGINT: return "BIGINT";
    case DUCKDB_TYPE_UTINYINT: return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT: return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER: return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT: return "UBIGINT";
    case DUCKDB_TYPE_FLOAT: return "FLOAT";
    case DUCKDB_TYPE_DOUBLE: return "DOUBLE";
    case DUCKDB_TYPE_TIMESTAMP: return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_S: return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS: return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS: return "TIMESTAMP_NS";
    case DUCKDB_TYPE_TIMESTAMP_TZ: return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_DATE: return "DATE";
    case DUCKDB_TYPE_TIME: return "TIME";
    case DUCKDB_TYPE_TIME_NS: return "TIME_NS";
    case DUCKDB_TYPE_TIME_TZ: return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_INTERVAL: return "INTERVAL";
    case DUCKDB_TYPE_HUGEINT: return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT: return "UHUGEINT";
    case DUCKDB_TYPE_VARCHAR: return "VARCHAR";
    case DUCKDB_TYPE_BLOB: return "BLOB";
    case DUCKDB_TYPE_BIT: return "BIT";
    case DUCKDB_TYPE_UUID: return "UUID";
    case DUCKDB_TYPE_BIGNUM: return "BIGNUM";
    case DUCKDB_TYPE_SQLNULL: return "\"NULL\"";
    case DUCKDB_TYPE_ENUM: return "ENUM";
    case DUCKDB_TYPE_UNION: return "UNION";
    case DUCKDB_TYPE_GEOMETRY: return "GEOMETRY";
    case DUCKDB_TYPE_VARIANT: return "VARIANT";
    default: return "VARCHAR";
  }
}

bool becomes_text(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_BIT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_UNION:
    case DUCKDB_TYPE_ENUM:
    case DUCKDB_TYPE_GEOMETRY:
    case DUCKDB_TYPE_VARIANT:
    case DUCKDB_TYPE_TIME_NS: return true;
    default: return false;
  }
}

struct Text {
  std::string sql;
  bool changed = false;
};

// The type's text, with each part that cannot travel replaced when `portable`.
Text render(duckdb_logical_type type, bool portable) {
  const duckdb_type id = duckdb_get_type_id(type);
  if (portable && becomes_text(id)) return {"VARCHAR", true};
  switch (id) {
    case DUCKDB_TYPE_DECIMAL:
      return {fmt::format("DECIMAL({},{})", duckdb_decimal_width(type), duckdb_decimal_scale(type)), false};
    case DUCKDB_TYPE_LIST: {
      LogicalType child(duckdb_list_type_child_type(type));
      Text inner = render(child.get(), portable);
      return {inner.sql + "[]", inner.changed};
    }
    case DUCKDB_TYPE_ARRAY: {
      LogicalType child(duckdb_array_type_child_type(type));
      Text inner = render(child.get(), portable);
      return {fmt::format("{}[{}]", inner.sql, duckdb_array_type_array_size(type)), inner.changed};
    }
    case DUCKDB_TYPE_MAP: {
      LogicalType key(duckdb_map_type_key_type(type));
      LogicalType value(duckdb_map_type_value_type(type));
      Text left = render(key.get(), portable);
      Text right = render(value.get(), portable);
      return {fmt::format("MAP({}, {})", left.sql, right.sql), left.changed || right.changed};
    }
    case DUCKDB_TYPE_STRUCT: {
      std::vector<std::string> parts;
      bool changed = false;
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
        LogicalType child(duckdb_struct_type_child_type(type, i));
        char* name = duckdb_struct_type_child_name(type, i);
        Text inner = render(child.get(), portable);
        parts.push_back(fmt::format("{} {}", sql_identifier(name), inner.sql));
        changed = changed || inner.changed;
        duckdb_free(name);
      }
      return {fmt::format("STRUCT({})", fmt::join(parts, ", ")), changed};
    }
    default: {
      if (char* alias = duckdb_logical_type_get_alias(type)) {
        std::string name = alias;
        duckdb_free(alias);
        if (name == "JSON") return {name, false};
      }
      return {scalar_text(id), false};
    }
  }
}

}  // namespace

std::optional<std::string> portable_cast(duckdb_logical_type type) {
  Text text = render(type, true);
  if (!text.changed) return std::nullopt;
  return std::move(text.sql);
}

std::string type_text(duckdb_logical_type type) { return render(type, false).sql; }

}  // namespace canvasback::duck
