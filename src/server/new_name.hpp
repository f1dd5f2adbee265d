// Renaming that never replaces anything.
#pragma once

#include <string>

namespace canvasback {

// Gives what is called `from` the name `to`, where nothing has it. 0, or the system's error number: EEXIST where
// something has. Blocking.
int rename_to_new(const std::string& from, const std::string& to);

// As rename_to_new, into a folder, under its own name or, where that is taken, with a number in it: a.csv, a-2.csv,
// a-3.csv, …. `to` becomes the path that it got.
int rename_into(const std::string& from, const std::string& folder, std::string& to);

}  // namespace canvasback
