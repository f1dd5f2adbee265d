// Renaming into a folder that never replaces anything.
#pragma once

#include <string>

namespace canvasback {

// As file::rename_to_new(), into a folder, under its own name or, where that is taken, with a number in it: a.csv,
// a-2.csv, a-3.csv, …. `to` becomes the path that it got. Blocking.
int rename_into(const std::string& from, const std::string& folder, std::string& to);

}  // namespace canvasback
