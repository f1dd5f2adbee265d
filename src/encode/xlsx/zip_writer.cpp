#include "encode/xlsx/zip_writer.hpp"

#include <ctime>

#include "base/compress.hpp"

namespace canvasback::xlsx {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDescriptor = 0x08074b50;
constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
constexpr std::uint32_t kDirectoryEnd = 0x06054b50;
constexpr std::uint32_t kDirectoryEnd64 = 0x06064b50;
constexpr std::uint32_t kDirectoryLocator64 = 0x07064b50;
constexpr std::uint16_t kVersion = 20;    // deflate
constexpr std::uint16_t kVersion64 = 45;  // ZIP64
constexpr std::uint16_t kStreamed = 8;    // flag: sizes and CRC follow the data
constexpr std::uint16_t kDeflated = 8;    // method
constexpr std::uint64_t kMax32 = 0xffffffff;

template <class Integer>
void put(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}
void put32(std::string& out, std::uint64_t value) { put(out, static_cast<std::uint32_t>(std::min(value, kMax32))); }

// MS-DOS date (high half) and time of day in steps of two seconds; its years begin with 1980.
std::uint32_t dos_stamp(std::int64_t created_us) {
  const std::time_t seconds = created_us / 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  if (parts.tm_year < 80) return 1 << 21 | 1 << 16;
  if (parts.tm_year > 80 + 127) parts.tm_year = 80 + 127;
  const auto date = static_cast<std::uint32_t>((parts.tm_year - 80) << 9 | (parts.tm_mon + 1) << 5 | parts.tm_mday);
  const auto time = static_cast<std::uint32_t>(parts.tm_hour << 11 | parts.tm_min << 5 | parts.tm_sec / 2);
  return date << 16 | time;
}

}  // namespace

ZipWriter::ZipWriter(ByteSink& sink, std::int64_t created_us) : sink_(sink), stamp_(dos_stamp(created_us)) {}

Status ZipWriter::write(std::string_view bytes) {
  position_ += bytes.size();
  return sink_.write(bytes);
}

std::string ZipWriter::local_header(const Entry& entry) const {
  std::string out;
  put(out, kLocalHeader);
  put(out, entry.large ? kVersion64 : kVersion);
  put(out, entry.streamed ? kStreamed : std::uint16_t{0});
  put(out, kDeflated);
  put(out, stamp_);
  put(out, entry.streamed ? std::uint32_t{0} : entry.crc);
  put32(out, entry.streamed ? 0 : entry.deflated_bytes);
  put32(out, entry.streamed ? 0 : entry.raw_bytes);
  put(out, static_cast<std::uint16_t>(entry.name.size()));
  put(out, std::uint16_t{0});
  return out + entry.name;
}

Status ZipWriter::add(std::string_view name, const DeflatedBlock& content) {
  Entry entry{std::string(name), position_, content.raw_bytes, content.bytes.size() + kDeflateEnd.size(), content.crc};
  entries_.push_back(entry);
  CANVASBACK_TRY(write(local_header(entry)));
  CANVASBACK_TRY(write(content.bytes));
  return write(kDeflateEnd);
}

Status ZipWriter::begin(std::string_view name, bool large) {
  Entry entry{std::string(name), position_};
  entry.streamed = true;
  entry.large = large;
  entries_.push_back(entry);
  return write(local_header(entry));
}

Status ZipWriter::append(const DeflatedBlock& block) {
  Entry& entry = entries_.back();
  entry.crc = combine_crc32(entry.crc, block.crc, block.raw_bytes);
  entry.raw_bytes += block.raw_bytes;
  entry.deflated_bytes += block.bytes.size();
  return write(block.bytes);
}

Status ZipWriter::end() {
  Entry& entry = entries_.back();
  entry.deflated_bytes += kDeflateEnd.size();
  std::string out(kDeflateEnd);
  put(out, kDescriptor);
  put(out, entry.crc);
  if (entry.large) {
    put(out, entry.deflated_bytes);
    put(out, entry.raw_bytes);
  } else {
    put32(out, entry.deflated_bytes);
    put32(out, entry.raw_bytes);
  }
  return write(out);
}

std::string ZipWriter::directory_entry(const Entry& entry) const {
  std::string extra;  // in this order, and only those that do not fit
  for (const std::uint64_t value : {entry.raw_bytes, entry.deflated_bytes, entry.offset}) {
    if (value >= kMax32) put(extra, value);
  }
  const std::uint16_t version = extra.empty() && !entry.large ? kVersion : kVersion64;
  std::string out;
  put(out, kDirectoryEntry);
  put(out, version);
  put(out, version);
  put(out, entry.streamed ? kStreamed : std::uint16_t{0});
  put(out, kDeflated);
  put(out, stamp_);
  put(out, entry.crc);
  put32(out, entry.deflated_bytes);
  put32(out, entry.raw_bytes);
  put(out, static_cast<std::uint16_t>(entry.name.size()));
  put(out, static_cast<std::uint16_t>(extra.empty() ? 0 : 4 + extra.size()));
  put(out, std::uint16_t{0});  // comment
  put(out, std::uint16_t{0});  // disk
  put(out, std::uint16_t{0});  // internal attributes
  put(out, std::uint32_t{0});  // external attributes
  put32(out, entry.offset);
  out += entry.name;
  if (!extra.empty()) {
    put(out, std::uint16_t{1});
    put(out, static_cast<std::uint16_t>(extra.size()));
    out += extra;
  }
  return out;
}

Status ZipWriter::finish() {
  const std::uint64_t start = position_;
  for (const Entry& entry : entries_) CANVASBACK_TRY(write(directory_entry(entry)));
  const std::uint64_t end = position_;
  const std::uint64_t count = entries_.size();
  std::string out;
  if (start >= kMax32 || end - start >= kMax32 || count >= 0xffff) {
    put(out, kDirectoryEnd64);
    put(out, std::uint64_t{44});  // bytes of this record that follow
    put(out, kVersion64);
    put(out, kVersion64);
    put(out, std::uint64_t{0});  // disks
    put(out, count);
    put(out, count);
    put(out, end - start);
    put(out, start);
    put(out, kDirectoryLocator64);
    put(out, std::uint32_t{0});
    put(out, end);
    put(out, std::uint32_t{1});
  }
  put(out, kDirectoryEnd);
  put(out, std::uint32_t{0});  // disks
  const auto count16 = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, 0xffff));
  put(out, count16);
  put(out, count16);
  put32(out, end - start);
  put32(out, start);
  put(out, std::uint16_t{0});  // comment
  return write(out);
}

}  // namespace canvasback::xlsx
