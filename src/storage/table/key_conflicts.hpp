// Key conflicts: whether the rows of a batch may join a collection whose rows have keys, decided from the keys alone.
// Pure: no I/O, nothing is changed; CollectionKeys::judge() is what callers use.
//
// A batch is one or more requests, each checked as a whole after those before it, as if it came alone: first whom its
// rows replace, then whether the values that must be unique are free, so that rows of one request may exchange them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

#include "storage/table/key_entry.hpp"
#include "storage/table/key_tables.hpp"

namespace canvasback {

// What happens to a record whose key is there already.
enum class OnConflict {
  Refuse,   // its batch is refused (DuplicateRecord)
  Update,   // it takes the place of the one that is there
  Ignore,   // it is left out
  Replace,  // as Update; one whose key is not there refuses its batch (RecordNotFound)
};

// What a write says of the version of the record that it replaces or deletes: when that record was ingested. The
// default says nothing. A record that is not there has no version: that it is missing is told first.
struct ExpectedVersion {
  std::optional<std::vector<std::int64_t>> one_of = {};  // If-Match
  std::vector<std::int64_t> none_of = {};                // If-None-Match
  bool none = false;                                     // If-None-Match: *

  bool says_nothing() const { return !one_of && none_of.empty() && !none; }
  bool allows(std::int64_t stamp_us) const {
    const auto has = [&](const std::vector<std::int64_t>& versions) {
      return std::ranges::find(versions, stamp_us) != versions.end();
    };
    return !none && !has(none_of) && (!one_of || has(*one_of));
  }
};

struct KeyConflict {
  std::int64_t row = 0;
  std::size_t key = 0;     // of RecordSchema::keys
  bool missing = false;    // OnConflict::Replace: there is no such record
  bool changed = false;    // its version is none of those that were expected
  std::int64_t with = -1;  // the earlier row of the batch that has the key; -1: a record that is kept already
};

// What adding a batch means for rows.
struct KeyVerdict {
  std::vector<KeyConflict> conflicts;   // any: the batch must not be added
  std::vector<RowPlace> killed;         // live rows that the batch replaces
  std::vector<std::int64_t> stillborn;  // rows of the batch that are dead from the start, in order
};

// One batch: take() its requests in order, then finish(). The tables must not change meanwhile.
class KeyBatch {
 public:
  KeyBatch(const KeyTables& tables, KeyEntries entries, OnConflict on_conflict, const ExpectedVersion& expected);

  // The rows of one request: first whom they replace, then what they need to be free.
  void take(std::int64_t first, std::int64_t end);
  KeyVerdict finish();

 private:
  void take_primary(std::int64_t row);
  void take_unique(std::int64_t row);
  bool is_taken(std::size_t key, const KeyHash& hash) const;

  const KeyTables& tables_;
  const KeyEntries entries_;
  const OnConflict on_conflict_;
  const ExpectedVersion& expected_;
  std::vector<KeyIndex> here_;  // the batch's own keys: `stamp` is the row
  std::unordered_set<RowPlace, RowPlaceHash> killed_;
  std::unordered_set<std::int64_t> stillborn_;
  KeyVerdict out_;
};

}  // namespace canvasback
