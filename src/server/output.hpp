// Where a command's bytes go: stdout, or a file that appears under its name only when it is complete.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
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

 private:
  Output() = default;

  UniqueFd file_;
  std::string path_;  // empty: stdout
  std::string temporary_;
  std::uint64_t bytes_ = 0;
};

}  // namespace canvasback
