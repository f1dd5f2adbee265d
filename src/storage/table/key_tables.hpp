// KeyTables: where the rows of a collection's keys are: an index for each key of the schema, which rows of which files
// are dead, and when which primary keys were deleted. The bookkeeping under CollectionKeys, which says what is to
// become of rows; here that is only remembered.
//
// The primary key's index (key 0, where there is one) has live rows alone. Those of unique values also keep dead rows
// until sweep(), since who kills a row does not know its values: what they say holds only where the row is not dead. A
// unique value that several live rows have (files that came back from the archive may bring some) has the first of them
// in the index and the others beside it.
//
// Not thread-safe. 32 bytes for a key, some more for a dead row.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "record/key_hash.hpp"
#include "storage/table/key_index.hpp"

namespace canvasback {

struct RowPlaceHash {
  std::size_t operator()(const RowPlace& place) const {
    return (std::size_t{place.file} << 32 | place.row) * 0x9E3779B97F4A7C15;
  }
};

class KeyTables {
 public:
  KeyTables(std::size_t keys, bool has_primary) : has_primary_(has_primary), indexes_(keys), more_(keys) {}

  std::size_t keys() const { return indexes_.size(); }
  bool has_primary() const { return has_primary_; }
  std::size_t first_unique() const { return has_primary_ ? 1 : 0; }
  std::size_t size() const { return indexes_.empty() ? 0 : indexes_[0].size(); }
  std::size_t bytes() const;
  // With so many keys more in each index.
  std::size_t bytes_with(std::size_t more) const;
  // Forgets everything but the schema's shape.
  void clear();
  void reserve_primary(std::size_t rows) { indexes_[0].reserve(rows); }

  // The number that a file has from now on.
  std::uint32_t number_of(const std::string& path);
  // The number of a file that is merged away, which no path has any more: all that is left of it is dead once
  // end_file() is called. nullopt: it is not known.
  std::optional<std::uint32_t> take_number(const std::string& path);
  void end_file(std::uint32_t number) { files_[number] = {{}, true}; }

  bool is_dead(RowPlace place) const;
  void kill(RowPlace place);
  // The dead rows of a file, as DataFile has them.
  std::vector<std::pair<std::int64_t, std::int64_t>> dead_of(const std::string& path) const;

  // Requires a primary key. nullptr: no live row has it.
  const KeyIndex::Entry* find_primary(const KeyHash& hash) const { return indexes_[0].find(hash); }
  void put_primary(const KeyHash& hash, std::int64_t stamp, RowPlace place) { indexes_[0].put(hash, stamp, place); }
  void erase_primary(const KeyHash& hash) { indexes_[0].erase(hash); }
  // When a primary key was deleted last; nullopt: never, as far as is known.
  std::optional<std::int64_t> deleted_at(const KeyHash& hash) const;
  void note_deleted(const KeyHash& hash, std::int64_t stamp);

  // Whether one of the rows that are known to have a unique value is as asked for.
  template <class Asked>
  bool any_holder(std::size_t key, const KeyHash& hash, Asked asked) const {
    const KeyIndex::Entry* known = indexes_[key].find(hash);
    if (known != nullptr && asked(known->place)) return true;
    const auto [first, last] = more_[key].equal_range(hash);
    for (auto holder = first; holder != last; ++holder) {
      if (asked(holder->second)) return true;
    }
    return false;
  }
  bool has_unique(std::size_t key, const KeyHash& hash) const { return indexes_[key].find(hash) != nullptr; }
  // Gives a live row its unique value, whoever else has it.
  void hold(std::size_t key, const KeyHash& hash, std::int64_t stamp, RowPlace place);
  // The row that had the value in one of the files that are left now has it at `place`. Which of several it was does
  // not matter: each of them comes once.
  void move_holder(std::size_t key, const KeyHash& hash, std::int64_t stamp, RowPlace place,
                   const std::unordered_set<std::uint32_t>& left);
  // How many live rows have a unique value that another live row has, too.
  std::int64_t shared_values(std::size_t key) const;
  // Forgets the unique values of dead rows, once they may be half of all: a table then never has more than twice the
  // keys of live rows, and a row pays for a few slots.
  void sweep();

 private:
  struct FileState {
    std::set<std::uint32_t> dead;
    bool gone = false;  // merged away: its live rows are elsewhere, and so all that is left of it is dead
  };
  using Holders = std::unordered_multimap<KeyHash, RowPlace, KeyHashHash>;

  bool has_primary_;
  std::vector<KeyIndex> indexes_;  // by key of the schema
  std::vector<Holders> more_;      // further live rows of a unique value; almost always empty
  std::size_t killed_ = 0;         // since the last sweep()
  std::vector<FileState> files_;   // by number
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::unordered_map<KeyHash, std::int64_t, KeyHashHash> deleted_;  // when, by primary key
};

}  // namespace canvasback
