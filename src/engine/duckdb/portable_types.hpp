// Engine types that Arrow (or the formats made from it) cannot carry exactly, and what to cast them to: TIME WITH
// TIME ZONE, BIT, UHUGEINT, BIGNUM, UNION, ENUM, GEOMETRY and VARIANT become text, also inside lists and structs.
#pragma once

#include <duckdb.h>

#include <optional>
#include <string>

namespace canvasback::duck {

// The SQL type to cast to, or nullopt where the type travels as it is.
std::optional<std::string> portable_cast(duckdb_logical_type type);

// The SQL name of a type: DECIMAL(12,2), STRUCT(a BIGINT), …
std::string type_text(duckdb_logical_type type);

}  // namespace canvasback::duck
