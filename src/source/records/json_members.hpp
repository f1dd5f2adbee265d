// The members of one JSON object as they are written: for records that are changed here and there and must otherwise
// stay as they came, digit for digit.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

struct JsonMember {
  std::string name;   // without its escapes
  std::string value;  // JSON text, with nothing around it
};

// What is inside a value is looked at by whoever reads it. Errors: InvalidData for text that is no single object, or
// that has a member twice.
Result<std::vector<JsonMember>> json_members(std::string_view text);

}  // namespace canvasback
