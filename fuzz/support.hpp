// What the fuzz targets share: a check that counts as a finding, and a reader that cuts an input into values.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace canvasback::fuzz {

// Ends the run as a finding.
#define FUZZ_CHECK(condition)                                                        \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// An input as a sequence of small numbers and texts; zeros and empty texts once it is used up.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::string_view take(std::size_t count) {
    std::string_view out = bytes_.substr(0, std::min(count, bytes_.size()));
    bytes_.remove_prefix(out.size());
    return out;
  }
  template <class T>
  T number() {
    T value{};
    const std::string_view raw = take(sizeof(T));
    std::memcpy(&value, raw.data(), raw.size());
    return value;
  }
  std::uint8_t byte() { return number<std::uint8_t>(); }
  // One byte of length, then the text.
  std::string text() { return std::string(take(byte())); }
  std::string_view rest() { return take(bytes_.size()); }

 private:
  std::string_view bytes_;
};

// The bytes as a file that has a path; another file (inode) each time.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    FUZZ_CHECK(fd_ && ::write(fd_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  int fd() const { return fd_.get(); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

}  // namespace canvasback::fuzz
