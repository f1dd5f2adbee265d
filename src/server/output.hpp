// Where a command's bytes go: stdout, or a file that appears under its name only when it is complete. What is no
// regular file (a device, a FIFO, a socket's name) is written to as it is; of a symbolic link its target is the file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/unique_fd.hpp"
#include "server/on_interrupt.hpp"

namespace canvasback {

class Output {
 public:
  struct Options {
    bool sync = false;                      // the file is on the disk once it has its name
    std::string_view unfinished = ".part";  // how its name ends until then
  };

  // path: empty or "-" for stdout. A file is written beside its place, under a name that nobody has (".NAME.1f….part"),
  // which goes when this is dropped or the command is interrupted; one that is there keeps its permissions. Errors:
  // InvalidData where it cannot be written.
  static Result<Output> open(const std::string& path, Options options);
  static Result<Output> open(const std::string& path) { return open(path, Options()); }
  Output(Output&&) = default;
  Output& operator=(Output&&) = delete;
  ~Output();

  // Errors: Unavailable, StorageLimit where the disk is full; is_reader_gone() where nobody reads stdout any more.
  Status write(std::string_view bytes);
  // The file gets its name, instead of what has it: of two at once the later one's stays, each whole.
  Status finish();
  std::uint64_t bytes() const { return bytes_; }
  bool is_file() const { return !path_.empty(); }
  const std::string& path() const { return path_; }
  // Of what was written to a file; once, at the end.
  std::string sha256() { return digest_->hex(); }

 private:
  Output() = default;
  Status open_temporary(const Options& options);

  UniqueFd file_;
  std::string path_;       // as it was given; empty: stdout
  std::string target_;     // the regular file it stands for; empty: written through
  std::string temporary_;  // of that, until it has its name
  bool sync_ = false;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<Sha256> digest_ = std::make_unique<Sha256>();
  std::unique_ptr<OnInterrupt> undo_;
};

// To stdout, at once. Errors: as Output::write's.
[[nodiscard]] Status print(std::string_view text);
// Whether an error says that nobody reads stdout any more (`| head`), which ends a command and is no failure.
bool is_reader_gone(const Error& error);

}  // namespace canvasback
