#include "storage/table/key_tables.hpp"

#include <algorithm>

namespace canvasback {

std::size_t KeyTables::bytes() const {
  std::size_t sum = 0;
  for (const KeyIndex& index : indexes_) sum += index.bytes();
  return sum;
}

std::size_t KeyTables::bytes_with(std::size_t more) const {
  std::size_t sum = 0;
  for (const KeyIndex& index : indexes_) sum += std::max(index.bytes(), KeyIndex::bytes_for(index.size() + more));
  return sum;
}

void KeyTables::clear() {
  indexes_.assign(indexes_.size(), KeyIndex());
  more_.assign(indexes_.size(), Holders());
  killed_ = 0;
  files_.clear();
  numbers_.clear();
  deleted_.clear();
}

std::uint32_t KeyTables::number_of(const std::string& path) {
  const auto [entry, added] = numbers_.try_emplace(path, static_cast<std::uint32_t>(files_.size()));
  if (added) files_.emplace_back();
  return entry->second;
}

std::optional<std::uint32_t> KeyTables::take_number(const std::string& path) {
  const auto found = numbers_.find(path);
  if (found == numbers_.end()) return std::nullopt;
  const std::uint32_t number = found->second;
  numbers_.erase(found);
  return number;
}

bool KeyTables::is_dead(RowPlace place) const {
  const FileState& file = files_[place.file];
  return file.gone || file.dead.contains(place.row);
}

void KeyTables::kill(RowPlace place) {
  files_[place.file].dead.insert(place.row);
  ++killed_;
}

std::vector<std::pair<std::int64_t, std::int64_t>> KeyTables::dead_of(const std::string& path) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> out;
  const auto found = numbers_.find(path);
  if (found == numbers_.end()) return out;
  for (std::uint32_t row : files_[found->second].dead) {
    if (!out.empty() && out.back().second + 1 == row) {
      ++out.back().second;
    } else {
      out.emplace_back(row, row);
    }
  }
  return out;
}

std::optional<std::int64_t> KeyTables::deleted_at(const KeyHash& hash) const {
  const auto found = deleted_.find(hash);
  return found == deleted_.end() ? std::nullopt : std::optional(found->second);
}

void KeyTables::note_deleted(const KeyHash& hash, std::int64_t stamp) {
  std::int64_t& when = deleted_[hash];
  when = std::max(when, stamp);
}

void KeyTables::hold(std::size_t key, const KeyHash& hash, std::int64_t stamp, RowPlace place) {
  const KeyIndex::Entry* known = indexes_[key].find(hash);
  if (known != nullptr && !is_dead(known->place)) {
    more_[key].emplace(hash, place);
  } else {
    indexes_[key].put(hash, stamp, place);
  }
}

void KeyTables::move_holder(std::size_t key, const KeyHash& hash, std::int64_t stamp, RowPlace place,
                            const std::unordered_set<std::uint32_t>& left) {
  const KeyIndex::Entry* known = indexes_[key].find(hash);
  if (known == nullptr || is_dead(known->place) || left.contains(known->place.file)) {
    return indexes_[key].put(hash, stamp, place);
  }
  const auto [first, last] = more_[key].equal_range(hash);
  for (auto holder = first; holder != last; ++holder) {
    if (!left.contains(holder->second.file)) continue;
    holder->second = place;
    return;
  }
  more_[key].emplace(hash, place);
}

std::int64_t KeyTables::shared_values(std::size_t key) const {
  std::unordered_map<KeyHash, std::int64_t, KeyHashHash> live;
  for (const auto& [hash, place] : more_[key]) live[hash] += is_dead(place) ? 0 : 1;
  std::int64_t out = 0;
  for (const auto& [hash, others] : live) {
    const KeyIndex::Entry* known = indexes_[key].find(hash);
    const std::int64_t all = others + (known != nullptr && !is_dead(known->place) ? 1 : 0);
    if (all > 1) out += all;
  }
  return out;
}

void KeyTables::sweep() {
  constexpr std::size_t kKilledMin = 1024;
  if (killed_ < std::max(kKilledMin, size() / 2)) return;
  killed_ = 0;
  for (std::size_t key = first_unique(); key < indexes_.size(); ++key) {
    std::erase_if(more_[key], [&](const auto& holder) { return is_dead(holder.second); });
    indexes_[key].erase_if([&](const KeyIndex::Entry& entry) { return is_dead(entry.place); });
  }
}

}  // namespace canvasback
