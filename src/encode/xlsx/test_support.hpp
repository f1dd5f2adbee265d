// For the tests of encode/xlsx: a small reader of ZIP files (its directory, as all programs read them) with ISA-L's
// inflate, which checks what it meets.
#pragma once

#include <gtest/gtest.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "encode/test_support.hpp"
#include "encode/xlsx/deflate.hpp"

namespace canvasback::xlsx {

// What complete raw deflate data holds, up to `raw_bytes_max`; a failure is a test failure.
inline std::string inflate_all(std::string_view deflated, std::size_t raw_bytes_max = 64u << 20) {
  std::string out;
  std::string piece(1 << 20, '\0');
  inflate_state state;
  isal_inflate_init(&state);
  state.next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(deflated.data()));
  state.avail_in = static_cast<std::uint32_t>(deflated.size());
  while (true) {
    state.next_out = reinterpret_cast<std::uint8_t*>(piece.data());
    state.avail_out = static_cast<std::uint32_t>(piece.size());
    if (const int code = isal_inflate(&state); code != ISAL_DECOMP_OK) {
      ADD_FAILURE() << "isal_inflate: " << code;
      return out;
    }
    out.append(piece, 0, piece.size() - state.avail_out);
    if (state.block_state == ISAL_BLOCK_FINISH) {
      EXPECT_EQ(state.avail_in, 0u) << "bytes behind the end of the stream";
      return out;
    }
    if (out.size() > raw_bytes_max || (state.avail_in == 0 && state.avail_out == piece.size())) {
      ADD_FAILURE() << "the stream does not end";
      return out;
    }
  }
}

template <class Integer>
Integer read_le(std::string_view bytes, std::size_t at) {
  Integer value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

struct ZipEntry {
  std::uint16_t version = 0;
  std::uint16_t flags = 0;
  std::uint32_t crc = 0;
  std::uint64_t deflated_bytes = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t offset = 0;  // of the local header
};

// The directory of a ZIP file, by name. Empty for bytes without one.
inline std::map<std::string, ZipEntry> zip_directory(std::string_view zip) {
  std::map<std::string, ZipEntry> entries;
  const std::size_t end = zip.rfind("PK\x05\x06");
  if (end == std::string_view::npos || zip.size() != end + 22) return entries;
  std::uint64_t count = read_le<std::uint16_t>(zip, end + 10);
  std::uint64_t at = read_le<std::uint32_t>(zip, end + 16);
  if (at == 0xffffffff) {
    const std::size_t end64 = zip.rfind("PK\x06\x06");
    count = read_le<std::uint64_t>(zip, end64 + 32);
    at = read_le<std::uint64_t>(zip, end64 + 48);
  }
  for (; count > 0; --count) {
    if (zip.substr(at, 4) != "PK\x01\x02") {
      ADD_FAILURE() << "no directory entry at " << at;
      return entries;
    }
    ZipEntry entry;
    entry.version = read_le<std::uint16_t>(zip, at + 6);
    entry.flags = read_le<std::uint16_t>(zip, at + 8);
    entry.crc = read_le<std::uint32_t>(zip, at + 16);
    entry.deflated_bytes = read_le<std::uint32_t>(zip, at + 20);
    entry.raw_bytes = read_le<std::uint32_t>(zip, at + 24);
    const std::size_t name = read_le<std::uint16_t>(zip, at + 28);
    const std::size_t extra = read_le<std::uint16_t>(zip, at + 30);
    entry.offset = read_le<std::uint32_t>(zip, at + 42);
    std::size_t extra_at = at + 46 + name + 4;
    for (std::uint64_t* value : {&entry.raw_bytes, &entry.deflated_bytes, &entry.offset}) {
      if (*value != 0xffffffff) continue;
      *value = read_le<std::uint64_t>(zip, extra_at);
      extra_at += 8;
    }
    EXPECT_EQ(extra_at, at + 46 + name + std::max<std::size_t>(extra, 4)) << "the extra field has what is needed";
    EXPECT_TRUE(entries.emplace(zip.substr(at + 46, name), entry).second) << "a name twice";
    at += 46 + name + extra;
  }
  return entries;
}

// The parts of a workbook, each checked against its CRC, sizes and local header.
inline std::map<std::string, std::string> unzip(std::string_view zip) {
  std::map<std::string, std::string> parts;
  const auto entries = zip_directory(zip);
  EXPECT_FALSE(entries.empty()) << "no ZIP file";
  for (const auto& [name, entry] : entries) {
    EXPECT_EQ(zip.substr(entry.offset, 4), "PK\x03\x04");
    EXPECT_EQ(zip.substr(entry.offset + 30, name.size()), name);
    const std::size_t start = entry.offset + 30 + name.size() + read_le<std::uint16_t>(zip, entry.offset + 28);
    std::string raw = inflate_all(zip.substr(start, entry.deflated_bytes));
    EXPECT_EQ(raw.size(), entry.raw_bytes) << name;
    EXPECT_EQ(crc32_of(raw), entry.crc) << name;
    parts.emplace(name, std::move(raw));
  }
  return parts;
}

// The parts of a workbook made of batches.
inline std::map<std::string, std::string> workbook_of(const std::vector<BatchPtr>& batches,
                                                      const EncodeOptions& options = {}) {
  return unzip(encode_all("xlsx", batches, options));
}

// The data rows of a sheet: its XML between header and end.
inline std::string rows_of(const std::string& sheet) {
  const std::size_t begin = sheet.find("</row>") + 6;
  return sheet.substr(begin, sheet.find("</sheetData>") - begin);
}

}  // namespace canvasback::xlsx
