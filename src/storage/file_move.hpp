// Moving a file that must survive a crash, also to another disk: a folder of the data folder may be a link to one.
#pragma once

#include <string>

#include "base/error.hpp"

namespace canvasback::file {

// As storage/file.hpp's rename(), which it is on one disk. To another one the file is copied under a name that no
// reader counts (.writing-…), synced, renamed, and the old one removed: until then both are there, never none. Errors:
// those of storage/file.hpp. Blocking.
Status move(const std::string& from, const std::string& to);

}  // namespace canvasback::file
