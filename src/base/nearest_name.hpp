// The known name that is most like one that is not known, for messages: "Did you mean amount?". By the number of
// letters that are inserted, left out, replaced or swapped. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace canvasback {

// Empty where none is like it: more than a third of the letters (at least two) would have to change.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace canvasback
