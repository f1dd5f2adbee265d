// The statement gate: decides from a statement's parse tree whether a user may run it. Every statement of a user
// passes it in the worker before the engine sees it; Landlock, seccomp and DuckDB's locked settings hold behind it.
//
// The tree is the JSON that DuckDB's own parser makes (its function json_serialize_sql), so there is no second SQL
// grammar to differ from the first. It is walked against an allow-list of everything: kinds of nodes, the fields of
// each, functions, types, and the tables this key may see. What is not known is refused: a DuckDB that adds a node
// or a field breaks statements that use it and opens nothing. The caller makes the text with the statement bound as
// a value, best in the short form (both are understood):
//
//   SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)::VARCHAR
//
// Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "engine/engine.hpp"

namespace canvasback {

// Nesting of the parse tree's JSON; an operator in an operator takes two levels, a subquery about eight.
inline constexpr std::size_t kStatementDepthMax = 1024;

struct GateRequest {
  std::string_view serialized;                               // what json_serialize_sql made of the statement
  std::function<bool(std::string_view name)> table_visible;  // asked with each name as the statement spells it
};

struct GateResult {
  // The visible tables that the statement reads, each once (ignoring case), as first spelled. Names of common table
  // expressions are none.
  std::vector<std::string> tables;
  std::optional<PlainSelect> plain;  // where the statement is no more than that
};

// Errors, most with the byte position in the statement:
//   QueryInvalid    text that does not parse, is empty or nested too deeply; a table that is unknown or not visible
//   QueryForbidden  no SELECT, several statements, or one that uses what is not allowed; the message names it
Result<GateResult> check_statement(const GateRequest& request);

// A QueryForbidden error that says what to do instead, where the statement begins with the word of a known refused
// kind (COPY, SET, INSERT …); success for all else, which check_statement must still judge. json_serialize_sql
// cannot tell refused kinds apart, so ask this first. Also refuses NUL bytes, at which DuckDB's parser stops reading.
Result<void> explain_refusal(std::string_view sql);

}  // namespace canvasback
