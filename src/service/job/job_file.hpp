// JobFile: the file of a job while it is written: under a name that says so, hashed on the way, under its own name
// only once it is whole. Dropped before that, nothing is left. Blocking: used on a thread that may wait for the disk,
// by one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {

class JobFile {
 public:
  // Makes PATH.part. Errors: StorageLimit, Unavailable.
  static Result<std::unique_ptr<JobFile>> create(std::string path);
  ~JobFile();
  JobFile(const JobFile&) = delete;
  JobFile& operator=(const JobFile&) = delete;

  // Errors: StorageLimit when the disk is full but for limits::kDiskFreeBytesMin.
  Status write(std::string_view bytes);
  // Renames it to PATH; the digest of all bytes.
  Result<std::string> finish();

  const std::string& path() const { return path_; }

 private:
  explicit JobFile(std::string path) : path_(std::move(path)) {}
  std::string part() const { return path_ + ".part"; }

  std::string path_;
  UniqueFd file_;
  Sha256 digest_;
};

}  // namespace canvasback
