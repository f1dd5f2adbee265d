// Lists of texts in documents.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace canvasback {

inline Json text_list(const std::vector<std::string>& texts) {
  Json out = Json::Array{};
  for (const std::string& text : texts) out.push(text);
  return out;
}

inline std::vector<std::string> texts_of(const Json& json) {
  std::vector<std::string> out;
  for (const Json& text : json.as_array()) out.emplace_back(text.as_string());
  return out;
}

}  // namespace canvasback
