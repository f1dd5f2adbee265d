#include "sql/struct_type.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace canvasback {
namespace {

// The place behind what begins at `at` up to one of `ends` that is in no brackets and no quotes.
std::size_t end_of(std::string_view text, std::size_t at, std::string_view ends) {
  int depth = 0;
  for (bool quoted = false; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted) continue;
    if (depth == 0 && ends.find(text[at]) != std::string_view::npos) return at;
    if (text[at] == '(' || text[at] == '[') ++depth;
    if (text[at] == ')' || text[at] == ']') --depth;
  }
  return at;
}

std::string plain_name(std::string_view name) {
  if (!name.starts_with('"')) return std::string(name);
  std::string out;
  for (std::size_t i = 1; i + 1 < name.size(); ++i) {
    if (name[i] == '"') ++i;
    out += name[i];
  }
  return out;
}

}  // namespace

std::optional<StructMembers> struct_members(std::string_view type) {
  constexpr std::string_view kBegin = "STRUCT(";
  if (!type.starts_with(kBegin) || !type.ends_with(')')) return std::nullopt;
  const std::string_view inside = type.substr(kBegin.size(), type.size() - kBegin.size() - 1);
  StructMembers members;
  for (std::size_t at = 0; at < inside.size();) {
    const std::size_t name_end = end_of(inside, at, " ");
    const std::size_t end = end_of(inside, name_end + 1, ",");
    if (name_end >= inside.size() || end < name_end + 1) return std::nullopt;
    members.emplace_back(plain_name(inside.substr(at, name_end - at)),
                         std::string(inside.substr(name_end + 1, end - name_end - 1)));
    at = end + 2;
  }
  return members;
}

std::string struct_type(const StructMembers& members) {
  std::vector<std::string> parts;
  for (const auto& [name, type] : members) parts.push_back(fmt::format("{} {}", sql_identifier(name), type));
  return fmt::format("STRUCT({})", fmt::join(parts, ", "));
}

}  // namespace canvasback
