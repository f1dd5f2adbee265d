// The CRC-32 of ZIP, gzip, PNG and Parquet's pages, by the processor's own instructions where it has them: some
// gigabytes a second on one core, so that memory or the disk is what limits it.
#pragma once

#include <cstdint>
#include <string_view>

namespace canvasback {

// before: the checksum of what stands in front of these bytes.
std::uint32_t crc32_of(std::string_view bytes, std::uint32_t before = 0);

}  // namespace canvasback
