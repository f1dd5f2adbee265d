// KeyIndex: where the live row of each key is: an open-addressing table in memory, 32 bytes for a key and a load of at
// most 4/5. Nothing of it is on the disk: the files are read again at start (docs/decisions/0012-record-keys.md).
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "record/key_hash.hpp"

namespace canvasback {

// A row of a file, by the number the file has in CollectionKeys.
struct RowPlace {
  std::uint32_t file = 0;
  std::uint32_t row = 0;
  bool operator==(const RowPlace&) const = default;
};

class KeyIndex {
 public:
  struct Entry {
    KeyHash hash;            // null: the slot is free
    std::int64_t stamp = 0;  // when the row was ingested
    RowPlace place;
  };

  // nullptr: the key is not there. Valid until the next change.
  const Entry* find(const KeyHash& hash) const;
  // Adds a key or moves it.
  void put(const KeyHash& hash, std::int64_t stamp, RowPlace place);
  void erase(const KeyHash& hash);
  // Erases every key whose entry is `gone`; gives how many. Goes through the whole table.
  template <class Gone>
  std::size_t erase_if(Gone gone) {
    const std::size_t before = size_;
    for (std::size_t at = 0; at < slots_.size(); ++at) {
      // Erasing moves a later key to this slot, or one from the table's begin, which is looked at twice.
      while (!slots_[at].hash.is_null() && gone(slots_[at])) erase(KeyHash(slots_[at].hash));
    }
    return before - size_;
  }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.size() * sizeof(Entry); }
  // Of a table for so many keys; while it grows to that, its old half is there too.
  static std::size_t bytes_for(std::size_t keys);
  void reserve(std::size_t keys);

 private:
  std::size_t slot_of(const KeyHash& hash) const;
  void grow(std::size_t slots);

  std::vector<Entry> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace canvasback
