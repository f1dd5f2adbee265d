// PendingFiles: the files that a worker is writing, under names that say they are not finished. What is not kept by the
// end of its life is removed. Internal to the services.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {

struct PendingFiles {
  struct File {
    std::string path;
    UniqueFd fd;   // the worker has one of its own
    Json request;  // what it was asked for as
  };
  std::vector<File> parts;
  std::vector<File> rejects;  // one at most
  std::vector<File> keys;     // one at most; never kept

  PendingFiles() = default;
  PendingFiles(const PendingFiles&) = delete;
  PendingFiles& operator=(const PendingFiles&) = delete;
  // What was renamed is not there any more under this name.
  ~PendingFiles() {
    for (const auto* files : {&parts, &rejects, &keys}) {
      for (const File& file : *files) ::unlink(file.path.c_str());
    }
  }
};

}  // namespace canvasback
