// TemporaryFolder: a folder of a command's own that goes when the process ends, however it does but by SIGKILL.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "server/on_interrupt.hpp"

namespace canvasback {

class TemporaryFolder {
 public:
  // Where temporary files go (TMPDIR). Errors: those of the disk.
  static Result<std::unique_ptr<TemporaryFolder>> make(const std::string& prefix);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path);

  std::string path_;
  OnInterrupt undo_;
};

}  // namespace canvasback
