// KeyMap: where the keys of one part of a pulled table are, as a file beside the part: each row's key (key_bytes.hpp)
// in the order of keys, with its row number, its time of change and the hash of its values (row_hashes.hpp). Written
// once, with its part; read by mmap, so that it is the page cache's memory and not ours; every block has a checksum,
// which is compared when the block is first touched.
//
//   header 64 bytes: magic, rows, bytes of keys | rows × first 16 bytes of the key | rows × row (u32) | rows × time
//   (i64) | rows × hash (u64) | if any key is longer than 16 bytes: rows + 1 offsets (u64), the keys | checksums (u32)
//   of blocks of 64 KiB
//
// All numbers are little-endian.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "storage/table/pulled/key_bytes.hpp"

namespace canvasback {

inline constexpr std::int64_t kNoTime = INT64_MIN;  // a row whose time of change is NULL

struct KeyMapEntry {
  std::int64_t row = 0;
  std::int64_t changed_us = kNoTime;
  std::uint64_t hash = 0;
};

// Gathers the rows of a part as they are written, and writes the map. 40 bytes a row until then; where there are long
// keys, these and 8 more.
class KeyMapWriter {
 public:
  // The rows come in the part's order, from 0. A key has kKeyBytesMin bytes at least, here and below.
  void add(std::string_view key, std::int64_t changed_us, std::uint64_t hash);
  std::int64_t rows() const { return static_cast<std::int64_t>(entries_.size()); }
  // The least and the greatest key; both empty where there are no rows. After finish().
  const std::string& least() const { return least_; }
  const std::string& greatest() const { return greatest_; }
  // How many rows have the key of another: of a cycle that met a row twice all but one are dead. After finish().
  std::int64_t repeated() const { return repeated_; }
  // fd: an empty file open for writing; it is not synced. Gives its bytes. Errors: StorageLimit, Unavailable.
  Result<std::uint64_t> finish(int fd);

 private:
  using Prefix = std::array<char, kKeyBytesMin>;
  struct Entry {
    Prefix prefix{};
    std::int64_t changed_us = 0;
    std::uint64_t hash = 0;
    std::uint32_t row = 0;
    std::uint32_t length = 0;
  };

  std::string_view key_of(const Entry& entry) const;

  std::vector<Entry> entries_;
  std::string keys_;                    // the long ones, whole
  std::vector<std::uint64_t> offsets_;  // of them, by row; empty where there are none
  std::string least_;
  std::string greatest_;
  std::int64_t repeated_ = 0;
};

// One map, open for reading. Not thread-safe.
class KeyMap {
 public:
  // fd: open for reading; it need not stay so. Errors: InvalidData where it is no map, or is damaged.
  static Result<std::unique_ptr<KeyMap>> open(int fd);
  ~KeyMap();
  KeyMap(const KeyMap&) = delete;
  KeyMap& operator=(const KeyMap&) = delete;

  std::int64_t rows() const { return rows_; }
  // The first place in the order of keys whose key is not less; rows() where there is none. Looked for from `from` on,
  // near which it is found soonest. Errors: InvalidData where a block is damaged; so of all that follow.
  Result<std::int64_t> lower_bound(std::string_view key, std::int64_t from = 0);
  // Whether the key at that place is this one.
  Result<bool> is_at(std::int64_t place, std::string_view key);
  Result<KeyMapEntry> at(std::int64_t place);
  Result<std::string> key_at(std::int64_t place);
  // Every block, not only those that are touched. Errors: InvalidData.
  Status check_all();
  // By row: its place. 4 bytes a row.
  Result<std::vector<std::uint32_t>> places_by_row();

 private:
  KeyMap() = default;
  Status check(std::size_t offset, std::size_t bytes);
  Result<int> compare(std::int64_t place, std::string_view key);
  template <class Value>
  Result<Value> load(std::size_t offset);
  Status read_layout();

  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::int64_t rows_ = 0;
  std::size_t key_bytes_ = 0;  // of long keys; 0: there are none
  std::size_t rows_at_ = 0, times_at_ = 0, hashes_at_ = 0, offsets_at_ = 0, keys_at_ = 0, checksums_at_ = 0;
  std::vector<bool> checked_;  // blocks
};

}  // namespace canvasback
