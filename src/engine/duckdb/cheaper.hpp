// Cheaper statements: ones that give the same rows as the user's with less work, where the engine does not see it
// itself.
//
//   several quantiles of one value   one aggregate of all of them: the values are gathered and partitioned once
//   window functions under a LIMIT   only the partitions of the first rows: of others no row is needed
//
// They work on the engine's own parse trees in JSON (json_serialize_sql, nothing skipped). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace canvasback {

// Whether it is worth having the statement's tree, by its text alone.
bool may_be_cheaper(std::string_view sql);

// The tree of a statement that does the same with less work; nullopt where none is known. names: of the statement's
// columns, which keep them.
std::optional<Json> cheaper(const Json& tree, const std::vector<std::string>& names);

}  // namespace canvasback
