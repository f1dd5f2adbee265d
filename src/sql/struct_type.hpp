// StructType: the members of a STRUCT as the engine writes its type, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace canvasback {

using StructMembers = std::vector<std::pair<std::string, std::string>>;  // name and type

// Of STRUCT(a BIGINT, "b c" STRUCT(d DATE)[]); nothing where the type is none.
std::optional<StructMembers> struct_members(std::string_view type);
std::string struct_type(const StructMembers& members);

}  // namespace canvasback
