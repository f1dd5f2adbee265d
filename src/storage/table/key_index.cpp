#include "storage/table/key_index.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace canvasback {
namespace {

constexpr std::size_t kSlotsMin = 64;

bool is_full(std::size_t keys, std::size_t slots) { return keys * 5 > slots * 4; }

std::size_t slots_for(std::size_t keys) {
  std::size_t slots = std::max(kSlotsMin, std::bit_ceil(keys));
  while (is_full(keys, slots)) slots *= 2;
  return slots;
}

}  // namespace

// The slot of the key, or the free one where it would go.
std::size_t KeyIndex::slot_of(const KeyHash& hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash.low & mask;
  while (!slots_[at].hash.is_null() && slots_[at].hash != hash) at = (at + 1) & mask;
  return at;
}

const KeyIndex::Entry* KeyIndex::find(const KeyHash& hash) const {
  if (slots_.empty()) return nullptr;
  const Entry& entry = slots_[slot_of(hash)];
  return entry.hash.is_null() ? nullptr : &entry;
}

void KeyIndex::grow(std::size_t slots) {
  std::vector<Entry> old = std::exchange(slots_, std::vector<Entry>(slots));
  for (const Entry& entry : old) {
    if (!entry.hash.is_null()) slots_[slot_of(entry.hash)] = entry;
  }
}

std::size_t KeyIndex::bytes_for(std::size_t keys) { return slots_for(keys) * sizeof(Entry); }

void KeyIndex::reserve(std::size_t keys) {
  const std::size_t slots = slots_for(keys);
  if (slots > slots_.size()) grow(slots);
}

void KeyIndex::put(const KeyHash& hash, std::int64_t stamp, RowPlace place) {
  if (is_full(size_ + 1, slots_.size())) grow(std::max(kSlotsMin, slots_.size() * 2));
  Entry& entry = slots_[slot_of(hash)];
  if (entry.hash.is_null()) ++size_;
  entry = {hash, stamp, place};
}

void KeyIndex::erase(const KeyHash& hash) {
  if (slots_.empty()) return;
  std::size_t hole = slot_of(hash);
  if (slots_[hole].hash.is_null()) return;
  --size_;
  const std::size_t mask = slots_.size() - 1;
  // What follows without a gap moves up, where its own slot lies at or before the hole.
  for (std::size_t at = (hole + 1) & mask; !slots_[at].hash.is_null(); at = (at + 1) & mask) {
    const std::size_t home = slots_[at].hash.low & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = Entry();
}

}  // namespace canvasback
