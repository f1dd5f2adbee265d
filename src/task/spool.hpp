// What NeedFile asks for beside task/collection_task.hpp: a file for a body that must be read at random. It is removed
// when its task has ended.
#pragma once

#include <string_view>

namespace canvasback {

inline constexpr std::string_view kNeedSpool = "spool";

}  // namespace canvasback
