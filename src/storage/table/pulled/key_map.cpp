#include "storage/table/pulled/key_map.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "base/checksum.hpp"
#include "base/write_all.hpp"
#include "storage/table/pulled/key_bytes.hpp"

namespace canvasback {
namespace {

constexpr std::string_view kMagic = "CBKEYS01";
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kPrefixBytes = kKeyBytesMin;
constexpr std::size_t kBlockBytes = 64 * 1024;
constexpr std::uint64_t kLongKeys = 1;

using Prefix = std::array<char, kPrefixBytes>;

Prefix prefix_of(std::string_view key) {
  Prefix out{};
  std::memcpy(out.data(), key.data(), std::min(key.size(), kPrefixBytes));
  return out;
}

// Bytes on their way into a file, with the checksums of its blocks.
class BlockWriter {
 public:
  explicit BlockWriter(int fd) : fd_(fd) { buffer_.reserve(kBlockBytes); }

  Status write(const void* data, std::size_t bytes) {
    const char* from = static_cast<const char*>(data);
    while (bytes > 0) {
      const std::size_t part = std::min(bytes, kBlockBytes - buffer_.size());
      buffer_.append(from, part);
      from += part;
      bytes -= part;
      if (buffer_.size() == kBlockBytes) CANVASBACK_TRY(flush());
    }
    return {};
  }

  template <class Value>
  Status write_value(Value value) {
    return write(&value, sizeof value);
  }

  // The checksums; gives the file's bytes.
  Result<std::uint64_t> finish() {
    if (!buffer_.empty()) CANVASBACK_TRY(flush());
    CANVASBACK_TRY(write_to_file(checksums_.data(), checksums_.size() * sizeof(std::uint32_t)));
    return bytes_;
  }

 private:
  Status flush() {
    checksums_.push_back(crc32_of(buffer_));
    CANVASBACK_TRY(write_to_file(buffer_.data(), buffer_.size()));
    buffer_.clear();
    return {};
  }

  Status write_to_file(const void* data, std::size_t bytes) {
    bytes_ += bytes;
    const int error = write_all(fd_, std::string_view(static_cast<const char*>(data), bytes));
    if (error == 0) return {};
    if (error == ENOSPC || error == EDQUOT) return fail(ErrorCode::StorageLimit, "The disk is full.");
    return fail(ErrorCode::Unavailable, "The disk failed.", std::strerror(error));
  }

  int fd_;
  std::string buffer_;
  std::vector<std::uint32_t> checksums_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

void KeyMapWriter::add(std::string_view key, std::int64_t changed_us, std::uint64_t hash) {
  const auto row = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({prefix_of(key), changed_us, hash, row, static_cast<std::uint32_t>(key.size())});
  if (key.size() <= kPrefixBytes) return;
  offsets_.resize(row + std::size_t{1});
  offsets_[row] = keys_.size();
  keys_ += key;
}

std::string_view KeyMapWriter::key_of(const Entry& entry) const {
  if (entry.length <= kPrefixBytes) return {entry.prefix.data(), entry.length};
  return std::string_view(keys_).substr(offsets_[entry.row], entry.length);
}

Result<std::uint64_t> KeyMapWriter::finish(int fd) {
  const auto less = [this](const Entry& a, const Entry& b) { return key_of(a) < key_of(b); };
  if (!std::ranges::is_sorted(entries_, less)) std::ranges::stable_sort(entries_, less);
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    if (key_of(entries_[i - 1]) == key_of(entries_[i])) ++repeated_;
  }
  if (!entries_.empty()) {
    least_ = key_of(entries_.front());
    greatest_ = key_of(entries_.back());
  }
  const bool is_long = !offsets_.empty();
  std::uint64_t key_bytes = 0;
  for (const Entry& entry : entries_) key_bytes += entry.length;
  BlockWriter out(fd);
  CANVASBACK_TRY(out.write(kMagic.data(), kMagic.size()));
  CANVASBACK_TRY(out.write_value(static_cast<std::uint64_t>(entries_.size())));
  CANVASBACK_TRY(out.write_value(std::uint64_t{is_long ? key_bytes : 0}));
  CANVASBACK_TRY(out.write_value(std::uint64_t{is_long ? kLongKeys : 0}));
  const std::array<char, kHeaderBytes - 32> rest{};
  CANVASBACK_TRY(out.write(rest.data(), rest.size()));
  for (const Entry& entry : entries_) CANVASBACK_TRY(out.write_value(entry.prefix));
  for (const Entry& entry : entries_) CANVASBACK_TRY(out.write_value(entry.row));
  for (const Entry& entry : entries_) CANVASBACK_TRY(out.write_value(entry.changed_us));
  for (const Entry& entry : entries_) CANVASBACK_TRY(out.write_value(entry.hash));
  if (is_long) {
    std::uint64_t offset = 0;
    CANVASBACK_TRY(out.write_value(offset));
    for (const Entry& entry : entries_) CANVASBACK_TRY(out.write_value(offset += entry.length));
    for (const Entry& entry : entries_) CANVASBACK_TRY(out.write(key_of(entry).data(), entry.length));
  }
  return out.finish();
}

Result<std::unique_ptr<KeyMap>> KeyMap::open(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || info.st_size < static_cast<off_t>(kHeaderBytes)) {
    return fail(ErrorCode::InvalidData, "A key map is too short.");
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) return fail(ErrorCode::Unavailable, "A key map could not be read.", std::strerror(errno));
  std::unique_ptr<KeyMap> out(new KeyMap());
  out->bytes_ = static_cast<const char*>(mapped);
  out->size_ = size;
  CANVASBACK_TRY(out->read_layout());
  return out;
}

KeyMap::~KeyMap() {
  if (bytes_ != nullptr) ::munmap(const_cast<char*>(bytes_), size_);
}

Status KeyMap::read_layout() {
  const Status wrong = fail(ErrorCode::InvalidData, "A key map is damaged.");
  if (std::string_view(bytes_, kMagic.size()) != kMagic) return wrong;
  std::array<std::uint64_t, 3> numbers{};
  std::memcpy(numbers.data(), bytes_ + kMagic.size(), sizeof numbers);
  const auto [rows, key_bytes, flags] = numbers;
  if (rows > size_ / 36 || key_bytes > size_ || flags > kLongKeys) return wrong;
  rows_ = static_cast<std::int64_t>(rows);
  rows_at_ = kHeaderBytes + rows * kPrefixBytes;
  times_at_ = rows_at_ + rows * 4;
  hashes_at_ = times_at_ + rows * 8;
  std::size_t end = hashes_at_ + rows * 8;
  if (flags == kLongKeys) {
    key_bytes_ = key_bytes;
    offsets_at_ = end;
    keys_at_ = offsets_at_ + (rows + 1) * 8;
    end = keys_at_ + key_bytes;
  }
  checksums_at_ = end;
  const std::size_t blocks = (end + kBlockBytes - 1) / kBlockBytes;
  if (end + blocks * 4 != size_) return wrong;
  checked_.assign(blocks, false);
  return check(0, kHeaderBytes);
}

Status KeyMap::check(std::size_t offset, std::size_t bytes) {
  if (bytes == 0) return {};
  for (std::size_t block = offset / kBlockBytes; block <= (offset + bytes - 1) / kBlockBytes; ++block) {
    if (checked_[block]) continue;
    const std::size_t begin = block * kBlockBytes;
    const std::string_view all(bytes_ + begin, std::min(kBlockBytes, checksums_at_ - begin));
    std::uint32_t written = 0;
    std::memcpy(&written, bytes_ + checksums_at_ + block * 4, sizeof written);
    if (crc32_of(all) != written) return fail(ErrorCode::InvalidData, "A key map is damaged.");
    checked_[block] = true;
  }
  return {};
}

Status KeyMap::check_all() { return check(0, checksums_at_); }

template <class Value>
Result<Value> KeyMap::load(std::size_t offset) {
  CANVASBACK_TRY(check(offset, sizeof(Value)));
  Value out{};
  std::memcpy(&out, bytes_ + offset, sizeof out);
  return out;
}

Result<int> KeyMap::compare(std::int64_t place, std::string_view key) {
  const auto at = static_cast<std::size_t>(place);
  const std::size_t offset = kHeaderBytes + at * kPrefixBytes;
  CANVASBACK_TRY(check(offset, kPrefixBytes));
  const Prefix prefix = prefix_of(key);
  const int order = std::memcmp(bytes_ + offset, prefix.data(), kPrefixBytes);
  if (order != 0 || offsets_at_ == 0) return order;
  CANVASBACK_ASSIGN(const std::string whole, key_at(place));
  return whole.compare(key);
}

Result<std::int64_t> KeyMap::lower_bound(std::string_view key, std::int64_t from) {
  // In steps that double from where it was looked for last, then by halves.
  std::int64_t low = from;
  std::int64_t step = 1;
  std::int64_t high = from;
  while (high < rows_) {
    CANVASBACK_ASSIGN(const int order, compare(high, key));
    if (order >= 0) break;
    low = high + 1;
    high += step;
    step *= 2;
  }
  high = std::min(high, rows_);
  while (low < high) {
    const std::int64_t middle = std::midpoint(low, high);
    CANVASBACK_ASSIGN(const int order, compare(middle, key));
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<bool> KeyMap::is_at(std::int64_t place, std::string_view key) {
  if (place >= rows_) return false;
  CANVASBACK_ASSIGN(const int order, compare(place, key));
  return order == 0;
}

Result<KeyMapEntry> KeyMap::at(std::int64_t place) {
  const auto index = static_cast<std::size_t>(place);
  KeyMapEntry out;
  CANVASBACK_ASSIGN(out.row, load<std::uint32_t>(rows_at_ + index * 4));
  CANVASBACK_ASSIGN(out.changed_us, load<std::int64_t>(times_at_ + index * 8));
  CANVASBACK_ASSIGN(out.hash, load<std::uint64_t>(hashes_at_ + index * 8));
  if (out.row >= rows_) return fail(ErrorCode::InvalidData, "A key map is damaged.");
  return out;
}

Result<std::string> KeyMap::key_at(std::int64_t place) {
  const auto index = static_cast<std::size_t>(place);
  if (offsets_at_ == 0) {
    CANVASBACK_TRY(check(kHeaderBytes + index * kPrefixBytes, kPrefixBytes));
    return std::string(bytes_ + kHeaderBytes + index * kPrefixBytes, kPrefixBytes);
  }
  CANVASBACK_ASSIGN(const std::uint64_t begin, load<std::uint64_t>(offsets_at_ + index * 8));
  CANVASBACK_ASSIGN(const std::uint64_t end, load<std::uint64_t>(offsets_at_ + (index + 1) * 8));
  if (begin > end || end > key_bytes_) return fail(ErrorCode::InvalidData, "A key map is damaged.");
  CANVASBACK_TRY(check(keys_at_ + begin, end - begin));
  return std::string(bytes_ + keys_at_ + begin, end - begin);
}

Result<std::vector<std::uint32_t>> KeyMap::places_by_row() {
  std::vector<std::uint32_t> out(static_cast<std::size_t>(rows_), UINT32_MAX);
  CANVASBACK_TRY(check(rows_at_, out.size() * 4));
  for (std::size_t place = 0; place < out.size(); ++place) {
    std::uint32_t row = 0;
    std::memcpy(&row, bytes_ + rows_at_ + place * 4, sizeof row);
    if (row >= out.size() || out[row] != UINT32_MAX) return fail(ErrorCode::InvalidData, "A key map is damaged.");
    out[row] = static_cast<std::uint32_t>(place);
  }
  return out;
}

}  // namespace canvasback
