// FrequencyTable: how often each different value came, exactly, while there are at most kDistinctMax of them. Then it
// is overfull: it forgets everything and stays so. Whether it overflows depends on the set of values alone, not on
// their order, so tables of parts can be merged. Open addressing with linear probing; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyse/hash_value.hpp"

namespace canvasback::analyse {

inline constexpr std::size_t kDistinctMax = 4096;
// Texts of a table, together; past it the table counts as overfull.
inline constexpr std::size_t kTableTextBytesMax = 1024 * 1024;

// Value: what is kept; View: what is looked up (the same for numbers, a string_view for texts).
template <class Value, class View = Value>
class FrequencyTable {
 public:
  struct Entry {
    std::uint64_t hash = 0;
    std::int64_t count = 0;  // 0: a free slot
    Value value{};
  };

  // False once overfull; the caller then has seen the last of the exact counts.
  bool add(View value, std::uint64_t hash, std::int64_t count = 1) {
    if (overfull_) return false;
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot].count != 0) {
      if (slots_[slot].hash == hash && View(slots_[slot].value) == value) {
        slots_[slot].count += count;
        return true;
      }
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return insert(slot, value, hash, count);
  }

  bool merge(const FrequencyTable& other) {
    if (other.overfull_) overflow();
    for (const Entry& entry : other.slots_) {
      if (entry.count != 0 && !add(View(entry.value), entry.hash, entry.count)) return false;
    }
    return !overfull_;
  }

  bool overfull() const { return overfull_; }
  std::size_t distinct() const { return distinct_; }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : slots_) {
      if (entry.count != 0) visit(entry);
    }
  }
  // Forgets everything; for_each must be asked before.
  void overflow() {
    overfull_ = true;
    slots_.clear();
    slots_.shrink_to_fit();
  }
  // The next new value would be one too many.
  bool full() const { return distinct_ >= kDistinctMax || text_bytes_ > kTableTextBytesMax; }

 private:
  bool insert(std::size_t slot, View value, std::uint64_t hash, std::int64_t count) {
    if (full()) return false;
    if constexpr (std::is_same_v<View, std::string_view>) {
      text_bytes_ += value.size();
      if (full()) return false;
    }
    slots_[slot] = Entry{hash, count, Value(value)};
    ++distinct_;
    if (distinct_ * 2 > slots_.size()) grow();
    return true;
  }
  void grow() {
    std::vector<Entry> old(slots_.size() * 2);
    old.swap(slots_);
    for (Entry& entry : old) {
      if (entry.count == 0) continue;
      std::size_t slot = entry.hash & (slots_.size() - 1);
      while (slots_[slot].count != 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = std::move(entry);
    }
  }

  std::vector<Entry> slots_ = std::vector<Entry>(64);
  std::size_t distinct_ = 0;
  std::size_t text_bytes_ = 0;
  bool overfull_ = false;
};

}  // namespace canvasback::analyse
