// Byte ranges of a stored file (RFC 9110): what Range and If-Range, If-None-Match ask for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace canvasback::http {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t bytes = 0;
};

// The one range that the header names of a file of `size` bytes. nullopt: the whole file (no header, another unit, a
// header that is malformed, more than one range). Errors: RangeNotSatisfiable.
Result<std::optional<ByteRange>> byte_range_of(std::string_view header, std::uint64_t size);

// Whether a list of entity tags ("*" or quoted ones, weak or not) holds this quoted one.
bool names_tag(std::string_view header, std::string_view tag);

}  // namespace canvasback::http
