// The names that a statement of a user may call or cast to: part of the statement gate (statement_gate.hpp).
// Everything else is refused, so a function that a later DuckDB adds is refused until somebody has read what it does.
// Names are compared ignoring ASCII case, as DuckDB does. Thread-safe.
#pragma once

#include <string_view>

namespace canvasback {

// Scalar, aggregate and window functions, operators ("+", "~~") and DuckDB's own SQL macros that compute from their
// arguments (and the clock or chance) alone. Left out are those that read files, settings, variables, secrets,
// catalogs or sequences, that log, sleep, seed or execute SQL, or that take engine-internal bytes on trust.
// A name alone decides: schemas hold no functions of users, and `column.upper()` looks like a schema.
bool is_allowed_function(std::string_view name);

// Functions in FROM: those that make rows from their arguments alone.
bool is_allowed_table_function(std::string_view name);

// Types by the name that stands in a cast ("json", "enum"), and by DuckDB's identifier in a parse tree ("TIMESTAMP
// WITH TIME ZONE"): all built-in value types.
bool is_allowed_type(std::string_view name);

}  // namespace canvasback
