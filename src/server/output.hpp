// Where a command's bytes go: stdout, or a file that appears under its name only when it is complete.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {

class Output {
 public:
  // path: empty or "-" for stdout.
  static Result<Output> open(const std::string& path);
  Output(Output&&) = default;
  Output& operator=(Output&&) = default;
  ~Output();

  Status write(std::string_view bytes);
  // Syncs nothing; renames the temporary file to its name.
  Status finish();
  std::uint64_t bytes() const { return bytes_; }
  bool is_file() const { return !path_.empty(); }
  const std::string& path() const { return path_; }
  // Of what was written to a file; once, at the end.
  std::string sha256() { return digest_->hex(); }

 private:
  Output() = default;

  UniqueFd file_;
  std::string path_;  // empty: stdout
  std::string temporary_;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<Sha256> digest_ = std::make_unique<Sha256>();
};

}  // namespace canvasback
