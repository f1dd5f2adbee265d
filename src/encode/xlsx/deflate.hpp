// Deflate for blocks that are concatenated: each call makes raw deflate data (RFC 1951) that needs nothing of what came
// before, ends on a byte and is not final, so the results of any number of deflaters, one behind the other and closed
// by kDeflateEnd, are one stream. One deflater per thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback::xlsx {

enum class Compression {
  Fast,  // ISA-L
  Best,  // libdeflate
};

struct DeflatedBlock {
  std::string bytes;
  std::uint64_t raw_bytes = 0;
  std::uint32_t crc = 0;  // CRC-32 of the raw bytes
};

class Deflater {
 public:
  virtual ~Deflater() = default;
  // Errors: MemoryLimit, DataProcessing.
  virtual Result<DeflatedBlock> deflate(std::string_view raw) = 0;
};

std::unique_ptr<Deflater> make_deflater(Compression compression);
using DeflaterFactory = std::function<std::unique_ptr<Deflater>()>;  // called by the thread that will use it

// An empty final block: the end of a stream.
inline constexpr std::string_view kDeflateEnd("\x03\x00", 2);

// CRC-32 of the bytes.
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace canvasback::xlsx
