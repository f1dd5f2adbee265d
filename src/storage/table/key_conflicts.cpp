#include "storage/table/key_conflicts.hpp"

namespace canvasback {

KeyBatch::KeyBatch(const KeyTables& tables, KeyEntries entries, OnConflict on_conflict, const ExpectedVersion& expected)
    : tables_(tables), entries_(entries), on_conflict_(on_conflict), expected_(expected), here_(tables.keys()) {
  for (KeyIndex& rows : here_) rows.reserve(static_cast<std::size_t>(entries.rows()));
}

void KeyBatch::take(std::int64_t first, std::int64_t end) {
  const std::size_t conflicts = out_.conflicts.size();
  if (tables_.has_primary()) {
    for (std::int64_t row = first; row < end; ++row) take_primary(row);
  }
  std::unordered_set<std::int64_t> refused;
  for (std::size_t i = conflicts; i < out_.conflicts.size(); ++i) refused.insert(out_.conflicts[i].row);
  for (std::int64_t row = first; row < end; ++row) {
    if (!refused.contains(row) && !stillborn_.contains(row)) take_unique(row);
  }
  const auto begin = out_.conflicts.begin() + static_cast<std::ptrdiff_t>(conflicts);
  std::ranges::stable_sort(begin, out_.conflicts.end(), {}, &KeyConflict::row);
}

KeyVerdict KeyBatch::finish() {
  out_.killed.assign(killed_.begin(), killed_.end());
  out_.stillborn.assign(stillborn_.begin(), stillborn_.end());
  std::ranges::sort(out_.stillborn);
  return std::move(out_);
}

void KeyBatch::take_primary(std::int64_t row) {
  const KeyHash hash = entries_.hash(row, 0);
  if (hash.is_null()) return;
  const KeyIndex::Entry* known = tables_.find_primary(hash);
  const auto deleted = tables_.deleted_at(hash);
  const KeyIndex::Entry* own = here_[0].find(hash);
  const bool fresh = own == nullptr;
  const std::int64_t earlier = fresh ? row : own->stamp;
  if (fresh) here_[0].put(hash, row, {});
  // A long body may come to its end after younger requests: what those did stands.
  const std::int64_t stamp = entries_.stamp(row);
  const bool late = (known != nullptr && known->stamp > stamp) || (deleted && *deleted > stamp);
  if (on_conflict_ == OnConflict::Refuse && (known != nullptr || !fresh)) {
    out_.conflicts.push_back({row, 0, false, false, known != nullptr ? -1 : earlier});
  } else if (on_conflict_ == OnConflict::Replace && known == nullptr) {
    out_.conflicts.push_back({row, 0, true, false, -1});
  } else if (known != nullptr && !expected_.allows(known->stamp)) {
    out_.conflicts.push_back({row, 0, false, true, -1});
  } else if (late || (on_conflict_ == OnConflict::Ignore && (known != nullptr || !fresh))) {
    stillborn_.insert(row);
  } else {
    if (!fresh) {
      stillborn_.insert(earlier);
      here_[0].put(hash, row, {});
    }
    if (known != nullptr) killed_.insert(known->place);
  }
}

bool KeyBatch::is_taken(std::size_t key, const KeyHash& hash) const {
  return tables_.any_holder(key, hash,
                            [&](RowPlace place) { return !tables_.is_dead(place) && !killed_.contains(place); });
}

void KeyBatch::take_unique(std::int64_t row) {
  for (std::size_t key = tables_.first_unique(); key < here_.size(); ++key) {
    const KeyHash hash = entries_.hash(row, key);
    if (hash.is_null()) continue;
    const bool taken = is_taken(key, hash);
    const KeyIndex::Entry* own = here_[key].find(hash);
    if (taken || (own != nullptr && !stillborn_.contains(own->stamp))) {
      out_.conflicts.push_back({row, key, false, false, taken ? -1 : own->stamp});
      return;
    }
    here_[key].put(hash, row, {});
  }
}

}  // namespace canvasback
