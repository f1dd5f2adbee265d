// Compressor: bytes into one gzip member or one zstd frame, a piece at a time, in constant memory; zlib and zstd stay
// behind it. For HTTP Content-Encoding and files: Parquet and Arrow compress inside their own formats.
// Single-threaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

class Compressor {
 public:
  virtual ~Compressor() = default;
  // Takes `bytes` in and appends to `out` what is ready; it may keep some back.
  virtual Status add(std::string_view bytes, std::string& out) = 0;
  // Appends everything taken in so far, so that a reader can decode it all now. Costs a few bytes.
  virtual Status flush(std::string& out) = 0;
  // Appends the rest and the end of the member or frame; called once, last. Without it a reader sees a stream that was
  // cut off.
  virtual Status end(std::string& out) = 0;
};

// encoding: "gzip" or "zstd", the names of HTTP; levels are chosen for throughput. Errors: InvalidData for another one.
Result<std::unique_ptr<Compressor>> make_compressor(std::string_view encoding);

// The other way: a gzip file (of any number of members) or zstd frames, a piece at a time. Bounded: a body that grows
// beyond `ratio_max` times its size, past the first 64 MiB, is PayloadTooLarge.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  using Take = std::function<Status(std::string_view)>;
  // Gives `take` what can be decoded, in pieces of at most 256 KiB. Errors: InvalidData for broken input, those of
  // `take`.
  virtual Status add(std::string_view bytes, const Take& take) = 0;
  // Errors: InvalidData where the input ends too early.
  virtual Status end() = 0;
};

// encoding: "gzip", "zstd", or "deflate" (with or without the header of zlib). Errors: InvalidData for another one.
Result<std::unique_ptr<Decompressor>> make_decompressor(std::string_view encoding, std::size_t ratio_max);

// The CRC-32 (of ZIP, gzip and PNG) of two texts one behind the other, from theirs; `second_bytes` is the second's
// length.
std::uint32_t combine_crc32(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes);

}  // namespace canvasback
