#include "storage/table/collection_keys.hpp"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>

#include "base/text.hpp"

namespace canvasback {
namespace {

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
    : schema_(std::move(schema)),
      secret_(std::move(secret)),
      tables_(schema_.keys().size(), !schema_.primary_key.empty()) {}

std::size_t CollectionKeys::bytes_to_judge(std::int64_t rows) const {
  const auto count = static_cast<std::size_t>(rows);
  return count * KeyEntries::width(tables_.keys()) + tables_.keys() * KeyIndex::bytes_for(count);
}

std::vector<std::uint32_t> CollectionKeys::numbers_of(const std::vector<File>& files) {
  std::vector<std::uint32_t> out;
  for (const File& file : files) out.push_back(tables_.number_of(file.path));
  return out;
}

KeyVerdict CollectionKeys::judge(std::string_view bytes, OnConflict on_conflict,
                                 const std::vector<std::int64_t>& requests, const ExpectedVersion& expected) const {
  const KeyEntries entries = entries_of(bytes);
  KeyBatch batch(tables_, entries, on_conflict, expected);
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
  Places places(files, numbers_of(files));
  for (const RowPlace& place : verdict.killed) tables_.kill(place);
  auto stillborn = verdict.stillborn.begin();
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    const RowPlace place = places.next();
    if (stillborn != verdict.stillborn.end() && *stillborn == row) {
      ++stillborn;
      tables_.kill(place);
      continue;
    }
    for (std::size_t key = 0; key < tables_.keys(); ++key) {
      const KeyHash hash = entries.hash(row, key);
      if (hash.is_null()) continue;
      if (key < tables_.first_unique()) {
        tables_.put_primary(hash, entries.stamp(row), place);
      } else {
        tables_.hold(key, hash, entries.stamp(row), place);
      }
    }
  }
  tables_.sweep();
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
  if (const KeyIndex::Entry* known = tables_.find_primary(hash)) tables_.kill(known->place);
  tables_.erase_primary(hash);
  tables_.note_deleted(hash, stamp);
  tables_.sweep();
}

void CollectionKeys::moved(const std::vector<std::string>& from, std::string_view bytes, const std::vector<File>& to) {
  std::unordered_set<std::uint32_t> left;
  for (const std::string& path : from) {
    if (const auto number = tables_.take_number(path)) left.insert(*number);
  }
  const KeyEntries entries = entries_of(bytes);
  Places places(to, numbers_of(to));
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    const RowPlace place = places.next();
    bool live = true;
    if (has_primary() && !entries.hash(row, 0).is_null()) {
      // Replaced or deleted while it was being merged: its key is elsewhere, or nowhere.
      const KeyIndex::Entry* known = tables_.find_primary(entries.hash(row, 0));
      live = known != nullptr && left.contains(known->place.file);
    }
    if (!live) {
      tables_.kill(place);
      continue;
    }
    for (std::size_t key = 0; key < tables_.keys(); ++key) {
      const KeyHash hash = entries.hash(row, key);
      if (hash.is_null()) continue;
      if (key < tables_.first_unique()) {
        tables_.put_primary(hash, entries.stamp(row), place);
      } else {
        tables_.move_holder(key, hash, entries.stamp(row), place, left);
      }
    }
  }
  // Values of their dead rows may still be known by these numbers.
  for (std::uint32_t number : left) tables_.end_file(number);
  tables_.sweep();
}

// Plays what happened to each of several keys, as judge() did when it happened: in the order of commits. Gives how many
// rows are dead for it.
std::int64_t CollectionKeys::resolve(Events& several) {
  std::int64_t dead = 0;
  for (auto& [hash, events] : several) {
    const auto deleted = tables_.deleted_at(hash);
    const Event* live = nullptr;
    for (const Event& event : events) {
      const Event* loser = live;
      if (deleted && event.stamp < *deleted) {
        loser = &event;  // gone, whatever it was before
      } else if (live != nullptr && (event.keeps_older || event.stamp < live->stamp)) {
        loser = &event;
      } else {
        live = &event;
      }
      if (loser == nullptr) continue;
      tables_.kill(loser->place);
      ++dead;
    }
    if (live != nullptr) {
      tables_.put_primary(hash, live->stamp, live->place);
    } else {
      tables_.erase_primary(hash);
    }
  }
  return dead;
}

void CollectionKeys::rebuild_primary(KeyEntries entries, const std::vector<File>& files,
                                     const std::vector<KeptDelete>& deletes, Rebuilt& out) {
  tables_.reserve_primary(static_cast<std::size_t>(entries.rows()));
  Events several;
  Places places(files, numbers_of(files));
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    const RowPlace place = places.next();
    const KeyHash hash = entries.hash(row, 0);
    if (hash.is_null()) {
      ++out.without_key;
      continue;
    }
    const Event event{entries.stamp(row), place, places.file().keeps_older};
    if (const KeyIndex::Entry* known = tables_.find_primary(hash)) {
      auto& events = several[hash];
      // Whether the first of a key keeps older ones does not matter: there are none.
      if (events.empty()) events.push_back({known->stamp, known->place, false});
      events.push_back(event);
    } else {
      tables_.put_primary(hash, event.stamp, place);
    }
  }
  for (const KeptDelete& each : deletes) {
    const auto hash = each.fields == schema_.primary_key ? hash_of(each.values) : Result<KeyHash>(KeyHash());
    if (!hash || hash->is_null()) continue;  // of another key, before the schema was changed
    tables_.note_deleted(*hash, each.time_us);
    const KeyIndex::Entry* known = tables_.find_primary(*hash);
    auto& events = several[*hash];
    if (known != nullptr && events.empty()) events.push_back({known->stamp, known->place, false});
  }
  out.duplicates += resolve(several);
}

void CollectionKeys::rebuild_unique(KeyEntries entries, const std::vector<File>& files, Rebuilt& out) {
  Places places(files, numbers_of(files));
  for (std::int64_t row = 0; row < entries.rows(); ++row) {
    const RowPlace place = places.next();
    if (tables_.is_dead(place)) continue;
    for (std::size_t key = tables_.first_unique(); key < tables_.keys(); ++key) {
      const KeyHash hash = entries.hash(row, key);
      if (hash.is_null()) continue;
      if (tables_.has_unique(key, hash)) ++out.duplicates;
      tables_.hold(key, hash, entries.stamp(row), place);
    }
  }
}

CollectionKeys::Rebuilt CollectionKeys::rebuild(std::string_view bytes, const std::vector<File>& files,
                                                const std::vector<KeptDelete>& deletes) {
  const KeyEntries entries = entries_of(bytes);
  Rebuilt out;
  tables_.clear();
  if (has_primary()) rebuild_primary(entries, files, deletes, out);
  rebuild_unique(entries, files, out);
  return out;
}

std::optional<std::int64_t> CollectionKeys::stamp_of(const KeyHash& hash) const {
  const KeyIndex::Entry* known = tables_.find_primary(hash);
  return known == nullptr ? std::nullopt : std::optional(known->stamp);
}

std::vector<std::int64_t> CollectionKeys::shared_values() const {
  std::vector<std::int64_t> out(tables_.keys());
  for (std::size_t key = tables_.first_unique(); key < out.size(); ++key) out[key] = tables_.shared_values(key);
  return out;
}

}  // namespace canvasback
