#include "service/collection/collection_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
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
                fmt::format("\"{}\" is no {}, which \"{}\" is.", text.substr(0, 128), name_of(type), name));
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

// What happened to one key, for rebuild().
struct CollectionKeys::Event {
  std::int64_t stamp = 0;
  std::uint64_t order = 0;
  RowPlace place;
  bool is_delete = false;
  bool keeps_older = false;
};

CollectionKeys::CollectionKeys(RecordSchema schema, std::string secret)
    : schema_(std::move(schema)), secret_(std::move(secret)), indexes_(schema_.keys().size()) {}

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

bool CollectionKeys::is_dead(RowPlace place) const { return files_[place.file].dead.contains(place.row); }

KeyVerdict CollectionKeys::judge(std::string_view bytes, OnConflict on_conflict,
                                 std::optional<std::int64_t> expected_us) const {
  const KeyEntries entries = entries_of(bytes);
  KeyVerdict out;
  std::vector<KeyIndex> here(indexes_.size());  // the batch's own keys: `stamp` is the row
  for (KeyIndex& rows : here) rows.reserve(static_cast<std::size_t>(entries.rows()));
  std::unordered_set<RowPlace, PlaceHash> killed;
  std::unordered_set<std::int64_t> stillborn;
  const std::size_t first_unique = has_primary() ? 1 : 0;
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    if (has_primary() && !entries.hash(row, 0).is_null()) {
      const KeyHash hash = entries.hash(row, 0);
      const KeyIndex::Entry* known = indexes_[0].find(hash);
      const auto deleted = deleted_.find(hash);
      const KeyIndex::Entry* own = here[0].find(hash);
      const bool fresh = own == nullptr;
      const std::int64_t earlier = fresh ? row : own->stamp;
      if (fresh) here[0].put(hash, row, {});
      // A long body may come to its end after younger requests: what those did stands.
      const bool late = (known != nullptr && known->stamp > entries.stamp(row)) ||
                        (deleted != deleted_.end() && deleted->second > entries.stamp(row));
      if (on_conflict == OnConflict::Refuse && (known != nullptr || !fresh)) {
        out.conflicts.push_back({row, 0, false, false, known != nullptr ? -1 : earlier});
        continue;
      }
      if (on_conflict == OnConflict::Replace && known == nullptr) {
        out.conflicts.push_back({row, 0, true, false, -1});
        continue;
      }
      if (expected_us && known != nullptr && known->stamp != *expected_us) {
        out.conflicts.push_back({row, 0, false, true, -1});
        continue;
      }
      if (late || (on_conflict == OnConflict::Ignore && (known != nullptr || !fresh))) {
        stillborn.insert(row);
        continue;
      }
      if (!fresh) {
        stillborn.insert(earlier);
        here[0].put(hash, row, {});
      }
      if (known != nullptr) killed.insert(known->place);
    }
    for (std::size_t key = first_unique; key < indexes_.size(); ++key) {
      const KeyHash hash = entries.hash(row, key);
      if (hash.is_null()) continue;
      const KeyIndex::Entry* known = indexes_[key].find(hash);
      const bool taken = known != nullptr && !is_dead(known->place) && !killed.contains(known->place);
      const KeyIndex::Entry* own = here[key].find(hash);
      if (taken || (own != nullptr && !stillborn.contains(own->stamp))) {
        out.conflicts.push_back({row, key, false, false, taken ? -1 : own->stamp});
        break;
      }
      here[key].put(hash, row, {});
    }
  }
  out.killed.assign(killed.begin(), killed.end());
  out.stillborn.assign(stillborn.begin(), stillborn.end());
  std::ranges::sort(out.stillborn);
  return out;
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
      if (!hash.is_null()) indexes_[key].put(hash, entries.stamp(row), place);
    }
  }
}

Result<KeyHash> CollectionKeys::hash_of(const std::vector<std::string>& values) const {
  if (values.size() != schema_.primary_key.size()) {
    return fail(ErrorCode::InvalidData, fmt::format("The key has {} values, one for each of {}, with commas between.",
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
      const KeyIndex::Entry* known = indexes_[key].find(hash);
      if (known == nullptr || left.contains(known->place.file)) indexes_[key].put(hash, entries.stamp(row), place);
    }
  }
  for (std::uint32_t number : left) files_[number] = {};
}

// Plays what happened to each of several keys, in the order of time; gives the rows that are dead for it.
std::int64_t CollectionKeys::resolve(std::unordered_map<KeyHash, std::vector<Event>, KeyHashHash>& several) {
  std::int64_t dead = 0;
  for (auto& [hash, events] : several) {
    std::ranges::sort(events, {}, [](const Event& event) { return std::pair(event.stamp, event.order); });
    const Event* live = nullptr;
    for (const Event& event : events) {
      const Event* loser = live;
      if (event.is_delete) {
        live = nullptr;
      } else if (live != nullptr && event.keeps_older) {
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
      const Event event{entries.stamp(row), static_cast<std::uint64_t>(row), place, false, places.file().keeps_older};
      if (const KeyIndex::Entry* known = indexes_[0].find(hash)) {
        auto& events = several[hash];
        // The first of a key came from an earlier row, so its order is lower than any other's.
        if (events.empty()) events.push_back({known->stamp, 0, known->place, false, false});
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
      auto& events = several[*hash];
      if (const KeyIndex::Entry* known = indexes_[0].find(*hash); known != nullptr && events.empty()) {
        events.push_back({known->stamp, 0, known->place, false, false});
      }
      events.push_back({each.time_us, UINT64_MAX, {}, true, false});
    }
    out.duplicates += resolve(several);
  }
  Places places(files, std::move(numbers));
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    const RowPlace place = places.next();
    if (is_dead(place)) continue;
    for (std::size_t key = has_primary() ? 1 : 0; key < indexes_.size(); ++key) {
      const KeyHash hash = entries.hash(row, key);
      if (hash.is_null()) continue;
      if (indexes_[key].find(hash) != nullptr) ++out.duplicates;
      indexes_[key].put(hash, entries.stamp(row), place);
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
