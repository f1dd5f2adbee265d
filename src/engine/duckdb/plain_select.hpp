// Recognises statements that only ask for columns and a range of one table's rows: SELECT * or names FROM table, with
// LIMIT and OFFSET as numbers. Such a statement needs no engine where the table's rows can be read in order
// (bench/README.md has what that saves). As in the statement gate, what is not known is not recognised.
#pragma once

#include <optional>

#include "base/json.hpp"
#include "engine/engine.hpp"

namespace canvasback {

// statement: an element of json_serialize_sql's `statements`. Pure; thread-safe.
std::optional<PlainSelect> plain_select(const Json& statement);

}  // namespace canvasback
