#include "engine/duckdb/json_bounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kStructureDepthMax = 64;   // of from_json and its like
constexpr std::int64_t kJsonTextDepthMax = 1000;  // of JSON that is written out

// How deeply a JSON text nests, whatever else it is.
std::int64_t levels_of(std::string_view text) {
  std::int64_t depth = 0;
  std::int64_t deepest = 0;
  for (char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

// The text of an argument that is written out; nullptr for any other.
const Json* text_argument(const Json& argument) {
  const Json& text = argument.at("value").at("value");
  return argument.at("class").as_string() == "CONSTANT" && text.is_string() ? &text : nullptr;
}

}  // namespace

std::optional<std::string> wrong_json(std::string_view function, const Json& call) {
  const std::string name = lower(function);
  if (name.find("json") == std::string::npos) return std::nullopt;
  const auto& children = call.at("children").as_array();
  for (const Json& child : children) {
    const Json* text = text_argument(child);
    if (text == nullptr || levels_of(text->as_string()) <= kJsonTextDepthMax) continue;
    return fmt::format("A text of {} has more than {} levels.", name, kJsonTextDepthMax);
  }
  if (!name.starts_with("from_json") && !name.starts_with("json_transform")) return std::nullopt;
  if (children.size() != 2) return std::nullopt;  // the engine says what is wrong
  const Json* text = text_argument(children[1]);
  if (text == nullptr) return fmt::format("The structure of {} must be written out as a text.", name);
  if (levels_of(text->as_string()) <= kStructureDepthMax) return std::nullopt;
  return fmt::format("The structure of {} has more than {} levels.", name, kStructureDepthMax);
}

}  // namespace canvasback
