// The SQL name of a column's type, as the json format, dataset schemas and error messages show it: BOOLEAN, TINYINT to
// BIGINT, UTINYINT to UBIGINT, FLOAT, DOUBLE, DECIMAL(12,2), VARCHAR, BLOB, DATE, TIME, TIMESTAMP (seconds to
// microseconds), TIMESTAMP_NS, TIMESTAMP WITH TIME ZONE, INTERVAL, X[], X[3], STRUCT(a X, b Y), MAP(K, V),
// UNION(a X, b Y), "NULL". Dictionaries and extensions are named after what they hold.
#pragma once

#include <arrow/type.h>

#include <string>

namespace canvasback {

// A field with this metadata key has its value for a name: an engine says so what Arrow cannot (HUGEINT, ENUM, JSON).
inline constexpr const char* kTypeNameKey = "canvasback.type";

std::string sql_type_name(const arrow::Field& field);

}  // namespace canvasback
