// What tells whether a path is another file or folder than before: a rule of the sandbox is bound to an inode, so that
// what is replaced needs a new grant, although its name is the same (Pool::set_grants). Blocking, as a stat() is.
#pragma once

#include <fmt/format.h>
#include <sys/stat.h>

#include <string>

namespace canvasback {

// Empty where there is nothing.
inline std::string inode_text(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return fmt::format("{}:{}:{}\n", path, info.st_dev, info.st_ino);
}

}  // namespace canvasback
