// FileChecksums: what a file of a collection says of its own bytes, as one entry of its footer's metadata: a CRC-32 of
// everything in front of the footer (pages with their headers, Bloom filters, page indexes) and one of the footer
// itself, made while its own digits were zeros. Pages have a checksum of their own beside that, which says where the
// damage is; files from before these checksums have only those. Pure functions over bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace canvasback {

struct FileChecksums {
  std::uint32_t body = 0;
  std::uint32_t footer = 0;
};

inline constexpr const char* kChecksumsKey = "canvasback.checksums";  // the last entry of the metadata
inline constexpr std::size_t kFooterEndBytes = 8;                     // the footer's length and PAR1, behind it

// The entry's value: always of the same length.
std::string to_text(const FileChecksums& checksums);

// Where the value stands in a footer (its Thrift bytes and what is behind them), or npos where it has none.
std::size_t find_checksums(std::string_view footer);

// What a footer says, or nullopt where it says nothing that can be read as checksums.
std::optional<FileChecksums> checksums_in(std::string_view footer);

// The checksum of a footer with the digits of its own checksum as zeros. `at`: find_checksums().
std::uint32_t footer_checksum(std::string footer, std::size_t at);

// The length of the footer with its end, from the last kFooterEndBytes of a file of so many bytes; 0 where it cannot be
// one.
std::uint64_t footer_bytes(std::string_view end, std::uint64_t file_bytes);

}  // namespace canvasback
