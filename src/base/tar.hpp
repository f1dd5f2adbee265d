// Files behind one another, as POSIX tar (ustar) has them: what `tar -x` reads. The reader takes such a stream as it
// comes; it knows regular files and folders, and refuses names that lead out of where they are put.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

inline constexpr std::size_t kTarBlockBytes = 512;

// The header of a regular file. Errors: InvalidData for a name that is too long for the format (about 250 bytes).
Result<std::string> tar_header(std::string_view name, std::uint64_t bytes, std::int64_t modified_s);
// What follows a file of so many bytes.
std::string tar_padding(std::uint64_t bytes);
// What follows the last file.
std::string tar_end();

class TarReader {
 public:
  struct Sink {
    std::function<Status(const std::string& name, std::uint64_t bytes)> begin;
    std::function<Status(std::string_view bytes)> data;
    std::function<Status()> end;
  };

  explicit TarReader(Sink sink) : sink_(std::move(sink)) {}

  // Errors: those of the sink; InvalidData for what is no tar.
  Status add(std::string_view bytes);
  // Errors: InvalidData where the stream ended too early.
  Status finish() const;

 private:
  Status read_header();

  Sink sink_;
  std::string header_;
  std::uint64_t left_ = 0;     // of the file at hand
  std::uint64_t padding_ = 0;  // behind it
  bool ended_ = false;
};

}  // namespace canvasback
