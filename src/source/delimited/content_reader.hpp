// The content of a text file, in order: decompressed where it is gzip or zstd (told by its first bytes), in blocks that
// end between two characters. ContentReader is sequential; plain content can also be read from any place, by
// read_content(). Not thread-safe. Internal to source/delimited.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/compress.hpp"
#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "source/delimited/text_encoding.hpp"

namespace canvasback::delimited {

class ContentReader {
 public:
  // Errors: InvalidData where the file cannot be opened, naming it.
  static Result<ContentReader> open(const std::string& path);

  bool compressed() const { return decompressor_ != nullptr; }
  // Bytes of the file taken in so far, for progress.
  std::uint64_t file_bytes() const { return file_bytes_; }
  // Place in the content of what next() gives next.
  std::uint64_t position() const { return position_; }

  // The first bytes of the content, at most `bytes`, without moving on; before any next().
  Result<std::string_view> head(std::size_t bytes);
  // Leaves out so many bytes. Errors: InvalidData where there are not so many.
  Status skip(std::uint64_t bytes);
  // Puts about `bytes` more (never fewer, but at the end of the content) of whole characters into `out`, which is empty
  // at the end. The last bytes of the content come even where they are no whole character.
  Status next(std::size_t bytes, Encoding encoding, std::string& out);
  // Exactly `bytes` more. Errors: InvalidData where there are not so many.
  Status take(std::uint64_t bytes, std::string& out);

 private:
  Status fill(std::size_t bytes);
  Error named(const Error& error) const;

  std::string path_;
  UniqueFd file_;
  std::unique_ptr<Decompressor> decompressor_;
  std::string piece_;    // compressed bytes
  std::string waiting_;  // content that was read but not given out
  std::uint64_t file_bytes_ = 0;
  std::uint64_t position_ = 0;
  bool ended_ = false;
};

// The bytes [begin, end) of a plain file. Errors: InvalidData where the file ends before.
Status read_content(int file, std::uint64_t begin, std::uint64_t end, const std::string& path, std::string& out);

}  // namespace canvasback::delimited
