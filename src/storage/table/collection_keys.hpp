// CollectionKeys: the keys of a collection's live rows. Says which rows of a batch may join (judge), takes them in once
// they are on the disk (add), follows rows that a merge wrote elsewhere (moved), and can be made anew from the files
// alone (rebuild): of two rows of a key the one ingested last is live, unless its batch was to keep older ones, and a
// deletion ends all that were ingested before it. A row that is not live is `dead`: it stays in its file until a merge
// leaves it out. A unique value belongs to a live row: it is free as soon as its row is dead, in its file or merged
// away. Not thread-safe; large batches take a while, so callers use it under the collection's lock, off the front's
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "record/record_schema.hpp"
#include "storage/table/key_conflicts.hpp"
#include "storage/table/key_entry.hpp"
#include "storage/table/key_tables.hpp"
#include "storage/table/part_info.hpp"

namespace canvasback {

class CollectionKeys {
 public:
  // secret: KeyHasher's, random for each process.
  CollectionKeys(RecordSchema schema, std::string secret);

  const RecordSchema& schema() const { return schema_; }
  const std::string& secret() const { return secret_; }
  bool has_primary() const { return tables_.has_primary(); }
  std::size_t size() const { return tables_.size(); }
  std::size_t bytes() const { return tables_.bytes(); }
  // With so many rows more, none of which replaces another.
  std::size_t bytes_with(std::int64_t rows) const { return tables_.bytes_with(static_cast<std::size_t>(rows)); }
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
  bool contains(const KeyHash& hash) const { return tables_.find_primary(hash) != nullptr; }
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
  std::vector<std::pair<std::int64_t, std::int64_t>> dead_of(const std::string& path) const {
    return tables_.dead_of(path);
  }

 private:
  struct Event;
  // Rows that came with one primary key, where there were several.
  using Events = std::unordered_map<KeyHash, std::vector<Event>, KeyHashHash>;

  KeyEntries entries_of(std::string_view bytes) const { return {bytes, tables_.keys()}; }
  std::vector<std::uint32_t> numbers_of(const std::vector<File>& files);
  void rebuild_primary(KeyEntries entries, const std::vector<File>& files, const std::vector<KeptDelete>& deletes,
                       Rebuilt& out);
  void rebuild_unique(KeyEntries entries, const std::vector<File>& files, Rebuilt& out);
  std::int64_t resolve(Events& several);

  RecordSchema schema_;
  std::string secret_;
  KeyTables tables_;
};

}  // namespace canvasback
