// ZipWriter: the container of a workbook, written front to back. Small parts are written whole; a sheet is begun, takes
// deflated blocks and is ended, its sizes behind it in a data descriptor. ZIP64 only where it is needed: Excel refuses
// some files that use it without need, and files past 4 GiB that do not.
// Source: PKWARE APPNOTE 6.3; the form of large streamed entries is the one that Excel is known to open (version 4.5
// and no extra field in the local header, 64-bit sizes in the descriptor, only the sizes that need it in the
// directory).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "encode/xlsx/deflate.hpp"
#include "stream/byte_sink.hpp"

namespace canvasback::xlsx {

class ZipWriter {
 public:
  // created_us: microseconds since 1970 UTC, the time stamp of all entries.
  ZipWriter(ByteSink& sink, std::int64_t created_us);

  // A whole part. Its content must be below 4 GiB.
  Status add(std::string_view name, const DeflatedBlock& content);

  // A part in pieces. large: its content may pass 4 GiB; otherwise the caller ends it before.
  Status begin(std::string_view name, bool large);
  Status append(const DeflatedBlock& block);
  Status end();
  std::uint64_t raw_bytes() const { return entries_.back().raw_bytes; }  // of the open part, so far

  // The directory. Without it, what was written is no ZIP file.
  Status finish();
  std::uint64_t bytes() const { return position_; }

 private:
  struct Entry {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t raw_bytes = 0;
    std::uint64_t deflated_bytes = 0;
    std::uint32_t crc = 0;
    bool streamed = false;
    bool large = false;
  };

  Status write(std::string_view bytes);
  std::string local_header(const Entry& entry) const;
  std::string directory_entry(const Entry& entry) const;

  ByteSink& sink_;
  std::uint32_t stamp_;  // MS-DOS date and time
  std::uint64_t position_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace canvasback::xlsx
