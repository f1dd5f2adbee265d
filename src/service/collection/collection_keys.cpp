#include "service/collection/collection_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace canvasback {
namespace {

struct PlaceHash {
  std::size_t operator()(const RowPlace& place) const {
    return (std::size_t{place.file} << 32 | place.row) * 0x9E3779B97F4A7C15;
  }
};

// Goes through the rows of files one after the other.
class Places {
 public:
  Places(const std::vector<CollectionKeys::File>& files, std::vector<std::uint32_t> numbers)
      : files_(files), numbers_(std::move(numbers)) {}

  RowPlace next() {
    while (file_ < files_.size() && row_ == files_[file_].rows) {
      ++file_;
      row_ = 0;
    }
    return {numbers_[file_], static_cast<std::uint32_t>(row_++)};
  }
  const CollectionKeys::File& file() const { return files_[file_]; }

 private:
  const std::vector<CollectionKeys::File>& files_;
  std::vector<std::uint32_t> numbers_;
  std::size_t file_ = 0;
  std::int64_t row_ = 0;
};

Status add_text_value(KeyHasher& hasher, const std::string& name, FieldType type, const std::string& text) {
  const auto wrong = [&] {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" is not a {}, the type of \"{}\".", text.substr(0, 128), name_of(type), name));
  };
  switch (type) {
    case FieldType::Integer: {
      auto value = parse_integer(text, name, INT64_MIN, INT64_MAX);
      if (!value) return wrong();
      hasher.add_int(*value);
      return {};
    }
    case FieldType::Boolean:
      if (text != "true" && text != "false") return wrong();
      hasher.add_bool(text == "true");
      return {};
    case FieldType::Date: {
      const auto value = parse_iso_date(text);
      if (!value) return wrong();
      hasher.add_date(*value);
      return {};
    }
    case FieldType::Timestamp: {
      const auto value = parse_iso_time(text);
      if (!value) return wrong();
      hasher.add_time(*value);
      return {};
    }
    default: hasher.add_text(text); return {};
  }
}

}  // namespace

// A row that came with a key, for rebuild().
struct CollectionKeys::Event {
  std::int64_t stamp = 0;
  RowPlace place;
  bool keeps_older = false;
};

CollectionKeys::CollectionKeys(RecordSchema schema, std::string secret)
    : schema_(std::move(schema)), secret_(std::move(secret)), indexes_(schema_.keys().size()), more_(indexes_.size()) {}

std::size_t CollectionKeys::bytes() const {
  std::size_t sum = 0;
  for (const KeyIndex& index : indexes_) sum += index.bytes();
  return sum;
}

std::size_t CollectionKeys::bytes_with(std::int64_t rows) const {
  std::size_t sum = 0;
  for (const KeyIndex& index : indexes_) {
    sum += std::max(index.bytes(), KeyIndex::bytes_for(index.size() + static_cast<std::size_t>(rows)));
  }
  return sum;
}

std::size_t CollectionKeys::bytes_to_judge(std::int64_t rows) const {
  const auto count = static_cast<std::size_t>(rows);
  return count * KeyEntries::width(indexes_.size()) + indexes_.size() * KeyIndex::bytes_for(count);
}

std::uint32_t CollectionKeys::number_of(const std::string& path) {
  const auto [entry, added] = numbers_.try_emplace(path, static_cast<std::uint32_t>(files_.size()));
  if (added) files_.push_back({path, {}});
  return entry->second;
}

bool CollectionKeys::is_dead(RowPlace place) const {
  const FileState& file = files_[place.file];
  return file.gone || file.dead.contains(place.row);
}

void CollectionKeys::kill(RowPlace place) {
  files_[place.file].dead.insert(place.row);
  ++killed_;
}

// Forgets the unique values of dead rows, once they may be half of all: a table then never has more than twice the keys
// of live rows, and a row pays for a few slots.
void CollectionKeys::sweep() {
  constexpr std::size_t kKilledMin = 1024;
  if (killed_ < std::max(kKilledMin, size() / 2)) return;
  killed_ = 0;
  for (std::size_t key = first_unique(); key < indexes_.size(); ++key) {
    std::erase_if(more_[key], [&](const auto& holder) { return is_dead(holder.second); });
    indexes_[key].erase_if([&](const KeyIndex::Entry& entry) { return is_dead(entry.place); });
  }
}

void CollectionKeys::hold(std::size_t key, const KeyHash& hash, std::int64_t stamp, RowPlace place) {
  const KeyIndex::Entry* known = indexes_[key].find(hash);
  if (known != nullptr && !is_dead(known->place)) {
    more_[key].emplace(hash, place);
  } else {
    indexes_[key].put(hash, stamp, place);
  }
}

// The row that had the value in one of the files that are left now has it at `place`. Which of several it was does not
// matter: each of them comes once.
void CollectionKeys::move_holder(std::size_t key, const KeyHash& hash, std::int64_t stamp, RowPlace place,
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

// One judgement: what the batch's rows so far mean.
class CollectionKeys::Batch {
 public:
  Batch(const CollectionKeys& keys, KeyEntries entries, OnConflict on_conflict, const ExpectedVersion& expected)
      : keys_(keys), entries_(entries), on_conflict_(on_conflict), expected_(expected), here_(keys.indexes_.size()) {
    for (KeyIndex& rows : here_) rows.reserve(static_cast<std::size_t>(entries.rows()));
  }

  // The rows of one request: first whom they replace, then what they need to be free.
  void take(std::int64_t first, std::int64_t end) {
    const std::size_t conflicts = out_.conflicts.size();
    if (keys_.has_primary()) {
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

  KeyVerdict finish() {
    out_.killed.assign(killed_.begin(), killed_.end());
    out_.stillborn.assign(stillborn_.begin(), stillborn_.end());
    std::ranges::sort(out_.stillborn);
    return std::move(out_);
  }

 private:
  void take_primary(std::int64_t row) {
    const KeyHash hash = entries_.hash(row, 0);
    if (hash.is_null()) return;
    const KeyIndex::Entry* known = keys_.indexes_[0].find(hash);
    const auto deleted = keys_.deleted_.find(hash);
    const KeyIndex::Entry* own = here_[0].find(hash);
    const bool fresh = own == nullptr;
    const std::int64_t earlier = fresh ? row : own->stamp;
    if (fresh) here_[0].put(hash, row, {});
    // A long body may come to its end after younger requests: what those did stands.
    const bool late = (known != nullptr && known->stamp > entries_.stamp(row)) ||
                      (deleted != keys_.deleted_.end() && deleted->second > entries_.stamp(row));
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

  bool is_taken(std::size_t key, const KeyHash& hash) const {
    const auto holds = [&](RowPlace place) { return !keys_.is_dead(place) && !killed_.contains(place); };
    const KeyIndex::Entry* known = keys_.indexes_[key].find(hash);
    if (known != nullptr && holds(known->place)) return true;
    const auto [first, last] = keys_.more_[key].equal_range(hash);
    return std::any_of(first, last, [&](const auto& holder) { return holds(holder.second); });
  }

  void take_unique(std::int64_t row) {
    for (std::size_t key = keys_.first_unique(); key < here_.size(); ++key) {
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

  const CollectionKeys& keys_;
  const KeyEntries entries_;
  const OnConflict on_conflict_;
  const ExpectedVersion& expected_;
  std::vector<KeyIndex> here_;  // the batch's own keys: `stamp` is the row
  std::unordered_set<RowPlace, PlaceHash> killed_;
  std::unordered_set<std::int64_t> stillborn_;
  KeyVerdict out_;
};

KeyVerdict CollectionKeys::judge(std::string_view bytes, OnConflict on_conflict,
                                 const std::vector<std::int64_t>& requests, const ExpectedVersion& expected) const {
  const KeyEntries entries = entries_of(bytes);
  Batch batch(*this, entries, on_conflict, expected);
  std::int64_t first = 0;
  for (std::int64_t rows : requests) {
    batch.take(first, first + rows);
    first += rows;
  }
  batch.take(first, entries.rows());
  return batch.finish();
}

void CollectionKeys::add(std::string_view bytes, const std::vector<File>& files, const KeyVerdict& verdict) {
  const KeyEntries entries = entries_of(bytes);
  std::vector<std::uint32_t> numbers;
  for (const File& file : files) numbers.push_back(number_of(file.path));
  for (const RowPlace& place : verdict.killed) kill(place);
  Places places(files, std::move(numbers));
  auto stillborn = verdict.stillborn.begin();
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    const RowPlace place = places.next();
    if (stillborn != verdict.stillborn.end() && *stillborn == row) {
      ++stillborn;
      kill(place);
      continue;
    }
    for (std::size_t key = 0; key < indexes_.size(); ++key) {
      const KeyHash hash = entries.hash(row, key);
      if (hash.is_null()) continue;
      if (key < first_unique()) {
        indexes_[key].put(hash, entries.stamp(row), place);
      } else {
        hold(key, hash, entries.stamp(row), place);
      }
    }
  }
  sweep();
}

Result<KeyHash> CollectionKeys::hash_of(const std::vector<std::string>& values) const {
  if (values.size() != schema_.primary_key.size()) {
    return fail(ErrorCode::InvalidData, fmt::format("The key has {} values, one for each of {}, separated by commas.",
                                                    schema_.primary_key.size(), fmt::join(schema_.primary_key, ", ")));
  }
  KeyHasher hasher(secret_);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const SchemaField* field = schema_.find(schema_.primary_key[i]);
    const FieldType type = field != nullptr ? field->type : FieldType::String;
    CANVASBACK_TRY(add_text_value(hasher, schema_.primary_key[i], type, values[i]));
  }
  return hasher.finish();
}

void CollectionKeys::remove(const KeyHash& hash, std::int64_t stamp) {
  if (const KeyIndex::Entry* known = indexes_[0].find(hash)) kill(known->place);
  indexes_[0].erase(hash);
  std::int64_t& when = deleted_[hash];
  when = std::max(when, stamp);
  sweep();
}

void CollectionKeys::moved(const std::vector<std::string>& from, std::string_view bytes, const std::vector<File>& to) {
  std::unordered_set<std::uint32_t> left;
  for (const std::string& path : from) {
    const auto found = numbers_.find(path);
    if (found == numbers_.end()) continue;
    left.insert(found->second);
    numbers_.erase(found);
  }
  const KeyEntries entries = entries_of(bytes);
  std::vector<std::uint32_t> numbers;
  for (const File& file : to) numbers.push_back(number_of(file.path));
  Places places(to, std::move(numbers));
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    const RowPlace place = places.next();
    bool live = true;
    if (has_primary() && !entries.hash(row, 0).is_null()) {
      // Replaced or deleted while it was being merged: its key is elsewhere, or nowhere.
      const KeyIndex::Entry* known = indexes_[0].find(entries.hash(row, 0));
      live = known != nullptr && left.contains(known->place.file);
    }
    if (!live) {
      kill(place);
      continue;
    }
    for (std::size_t key = 0; key < indexes_.size(); ++key) {
      const KeyHash hash = entries.hash(row, key);
      if (hash.is_null()) continue;
      if (key < first_unique()) {
        indexes_[key].put(hash, entries.stamp(row), place);
      } else {
        move_holder(key, hash, entries.stamp(row), place, left);
      }
    }
  }
  // Values of their dead rows may still be known by these numbers.
  for (std::uint32_t number : left) files_[number] = {{}, {}, true};
  sweep();
}

// Plays what happened to each of several keys, as judge() did when it happened: in the order of commits. Gives how many
// rows are dead for it.
std::int64_t CollectionKeys::resolve(std::unordered_map<KeyHash, std::vector<Event>, KeyHashHash>& several) {
  std::int64_t dead = 0;
  for (auto& [hash, events] : several) {
    const auto deleted = deleted_.find(hash);
    const Event* live = nullptr;
    for (const Event& event : events) {
      const Event* loser = live;
      if (deleted != deleted_.end() && event.stamp < deleted->second) {
        loser = &event;  // gone, whatever it was before
      } else if (live != nullptr && (event.keeps_older || event.stamp < live->stamp)) {
        loser = &event;
      } else {
        live = &event;
      }
      if (loser == nullptr) continue;
      kill(loser->place);
      ++dead;
    }
    if (live != nullptr) {
      indexes_[0].put(hash, live->stamp, live->place);
    } else {
      indexes_[0].erase(hash);
    }
  }
  return dead;
}

CollectionKeys::Rebuilt CollectionKeys::rebuild(std::string_view bytes, const std::vector<File>& files,
                                                const std::vector<KeptDelete>& deletes) {
  const KeyEntries entries = entries_of(bytes);
  Rebuilt out;
  indexes_.assign(indexes_.size(), KeyIndex());
  more_.assign(indexes_.size(), Holders());
  killed_ = 0;
  files_.clear();
  numbers_.clear();
  deleted_.clear();
  std::vector<std::uint32_t> numbers;
  for (const File& file : files) numbers.push_back(number_of(file.path));
  if (has_primary()) {
    indexes_[0].reserve(static_cast<std::size_t>(entries.rows()));
    std::unordered_map<KeyHash, std::vector<Event>, KeyHashHash> several;
    Places places(files, numbers);
    for (std::int64_t row = 0; row < entries.rows(); ++row) {
      const RowPlace place = places.next();
      const KeyHash hash = entries.hash(row, 0);
      if (hash.is_null()) {
        ++out.without_key;
        continue;
      }
      const Event event{entries.stamp(row), place, places.file().keeps_older};
      if (const KeyIndex::Entry* known = indexes_[0].find(hash)) {
        auto& events = several[hash];
        // Whether the first of a key keeps older ones does not matter: there are none.
        if (events.empty()) events.push_back({known->stamp, known->place, false});
        events.push_back(event);
      } else {
        indexes_[0].put(hash, event.stamp, place);
      }
    }
    for (const KeptDelete& each : deletes) {
      const auto hash = each.fields == schema_.primary_key ? hash_of(each.values) : Result<KeyHash>(KeyHash());
      if (!hash || hash->is_null()) continue;  // of another key, before the schema was changed
      std::int64_t& when = deleted_[*hash];
      when = std::max(when, each.time_us);
      const KeyIndex::Entry* known = indexes_[0].find(*hash);
      auto& events = several[*hash];
      if (known != nullptr && events.empty()) events.push_back({known->stamp, known->place, false});
    }
    out.duplicates += resolve(several);
  }
  Places places(files, std::move(numbers));
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    const RowPlace place = places.next();
    if (is_dead(place)) continue;
    for (std::size_t key = first_unique(); key < indexes_.size(); ++key) {
      const KeyHash hash = entries.hash(row, key);
      if (hash.is_null()) continue;
      if (indexes_[key].find(hash) != nullptr) ++out.duplicates;
      hold(key, hash, entries.stamp(row), place);
    }
  }
  return out;
}

std::optional<std::int64_t> CollectionKeys::stamp_of(const KeyHash& hash) const {
  const KeyIndex::Entry* known = indexes_[0].find(hash);
  return known == nullptr ? std::nullopt : std::optional(known->stamp);
}

std::vector<std::int64_t> CollectionKeys::shared_values() const {
  std::vector<std::int64_t> out(indexes_.size());
  for (std::size_t key = first_unique(); key < indexes_.size(); ++key) {
    std::unordered_map<KeyHash, std::int64_t, KeyHashHash> live;
    for (const auto& [hash, place] : more_[key]) live[hash] += is_dead(place) ? 0 : 1;
    for (const auto& [hash, others] : live) {
      const KeyIndex::Entry* known = indexes_[key].find(hash);
      const std::int64_t all = others + (known != nullptr && !is_dead(known->place) ? 1 : 0);
      if (all > 1) out[key] += all;
    }
  }
  return out;
}

std::vector<std::pair<std::int64_t, std::int64_t>> CollectionKeys::dead_of(const std::string& path) const {
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

}  // namespace canvasback
