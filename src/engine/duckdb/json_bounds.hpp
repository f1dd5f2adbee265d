// How deeply JSON in a statement may nest: the engine recurses over JSON texts, and over the structure that they are
// read as, without a bound. Part of the statement gate, which walks the tree that this looks at.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace canvasback {

// What is wrong with the arguments of a function call in the parse tree, as far as they are written out; nullopt where
// nothing is.
std::optional<std::string> wrong_json(std::string_view function, const Json& call);

}  // namespace canvasback
