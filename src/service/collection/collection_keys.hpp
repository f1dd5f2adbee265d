// CollectionKeys: the keys of a collection's live rows. Says which rows of a batch may join (judge), takes them in once
// they are on the disk (add), follows rows that a merge wrote elsewhere (moved), and can be made anew from the files
// alone (rebuild): of two rows of a key the one ingested last is live, unless its batch was to keep older ones, and a
// deletion ends all that were ingested before it. A row that is not live is `dead`: it stays in its file until a merge
// leaves it out. A unique value belongs to a live row: it is free as soon as its row is dead, in its file or merged
// away. Not thread-safe; large batches take a while, so callers use it under the collection's lock, off the front's
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "record/record_schema.hpp"
#include "service/collection/collection.hpp"
#include "storage/table/key_entry.hpp"
#include "storage/table/key_index.hpp"

namespace canvasback {

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

class CollectionKeys {
 public:
  // secret: KeyHasher's, random for each process.
  CollectionKeys(RecordSchema schema, std::string secret);

  const RecordSchema& schema() const { return schema_; }
  const std::string& secret() const { return secret_; }
  bool has_primary() const { return !schema_.primary_key.empty(); }
  std::size_t size() const { return indexes_.empty() ? 0 : indexes_[0].size(); }
  std::size_t bytes() const;
  // With so many rows more, none of which replaces another.
  std::size_t bytes_with(std::int64_t rows) const;
  // That judge() needs beside them for a batch of so many rows.
  std::size_t bytes_to_judge(std::int64_t rows) const;

  struct File {
    std::string path;
    std::int64_t rows = 0;
    bool keeps_older = false;  // PartInfo's
  };

  // requests: how many rows each request of the batch has, in order; empty: they are all one request's. A request is
  // checked as a whole after those before it: its rows may exchange unique values. expected: IngestRequest's.
  KeyVerdict judge(std::string_view entries, OnConflict on_conflict, const std::vector<std::int64_t>& requests = {},
                   const ExpectedVersion& expected = {}) const;
  void add(std::string_view entries, const std::vector<File>& files, const KeyVerdict& verdict);

  // Where the live row of a primary key is; nullopt: there is none. Errors: InvalidData where a value is no value of
  // its field.
  Result<KeyHash> hash_of(const std::vector<std::string>& values) const;
  bool contains(const KeyHash& hash) const { return indexes_[0].find(hash) != nullptr; }
  // When the live row of a primary key was ingested; nullopt: there is none.
  std::optional<std::int64_t> stamp_of(const KeyHash& hash) const;
  void remove(const KeyHash& hash, std::int64_t stamp);

  // Rows of `from` are now rows of `to`, in the order of `entries`.
  void moved(const std::vector<std::string>& from, std::string_view entries, const std::vector<File>& to);

  // From nothing: all files with their entries, and what was deleted. Gives how many rows of a key there were beside
  // the live one, and rows without a primary key.
  struct Rebuilt {
    std::int64_t duplicates = 0;
    std::int64_t without_key = 0;
  };
  Rebuilt rebuild(std::string_view entries, const std::vector<File>& files, const std::vector<KeptDelete>& deletes);

  // How many live rows have a unique value that another live row has, too, by key of the schema: files that came back
  // from the archive may bring values that were given to other records meanwhile. All zero otherwise.
  std::vector<std::int64_t> shared_values() const;

  // The dead rows of a file, as DataFile has them.
  std::vector<std::pair<std::int64_t, std::int64_t>> dead_of(const std::string& path) const;

 private:
  struct Event;
  class Batch;
  struct FileState {
    std::string path;
    std::set<std::uint32_t> dead;
    bool gone = false;  // merged away: its live rows are elsewhere, and so all that is left of it is dead
  };
  using Holders = std::unordered_multimap<KeyHash, RowPlace, KeyHashHash>;

  KeyEntries entries_of(std::string_view bytes) const { return {bytes, indexes_.size()}; }
  std::size_t first_unique() const { return has_primary() ? 1 : 0; }
  std::uint32_t number_of(const std::string& path);
  bool is_dead(RowPlace place) const;
  void kill(RowPlace place);
  // Gives a live row its unique value, whoever else has it.
  void hold(std::size_t key, const KeyHash& hash, std::int64_t stamp, RowPlace place);
  void move_holder(std::size_t key, const KeyHash& hash, std::int64_t stamp, RowPlace place,
                   const std::unordered_set<std::uint32_t>& left);
  void sweep();
  std::int64_t resolve(std::unordered_map<KeyHash, std::vector<Event>, KeyHashHash>& several);

  RecordSchema schema_;
  std::string secret_;
  // By key of the schema. The primary key's has live rows alone; those of unique values also keep dead ones until
  // sweep(), since who kills a row does not know its values: what they say holds only where the row is not dead.
  std::vector<KeyIndex> indexes_;
  std::vector<Holders> more_;     // further live rows of a unique value, by key of the schema; almost always empty
  std::size_t killed_ = 0;        // since the last sweep()
  std::vector<FileState> files_;  // by number; those that are gone have no path
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::unordered_map<KeyHash, std::int64_t, KeyHashHash> deleted_;  // when, by primary key
};

}  // namespace canvasback
