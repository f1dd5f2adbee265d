// Collection: what the front knows of one collection: its files and what they say of themselves, the requests whose
// repetition must do nothing, and what waits to be written. State with its invariants, each kept by the member that has
// it; the services of this folder act on it.
//
// On the front's one thread. Files, archived files, schema and keys are changed under the lock alone (except while the
// program starts); what removes files from the folder, or finds out which do not count, holds `removal` as well, in
// that order.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "record/record_schema.hpp"
#include "service/collection/collection_lock.hpp"
#include "service/collection/commit_numbers.hpp"
#include "service/collection/ingest_queue.hpp"
#include "service/collection/merge_turns.hpp"
#include "service/collection/published_versions.hpp"
#include "service/collection/request_ledger.hpp"
#include "storage/table/collection_keys.hpp"
#include "storage/table/file_set.hpp"

namespace canvasback {

// Why a collection takes no records. Stopped: a sync failed, and nothing more is acknowledged until the program is
// started again. Blocked: a file or folder of it cannot be read; nothing is written, merged or answered until it can
// be, or is gone. Each says which, why, and what to do.
class CollectionHealth {
 public:
  const std::optional<Error>& stopped() const { return stopped_; }
  const std::optional<Error>& blocked() const { return blocked_; }
  // Errors: the one that keeps it from being written, merged or moved.
  Status usable() const;

  void stop(Error why) { stopped_ = std::move(why); }
  void block(Error why) { blocked_ = std::move(why); }
  void unblock() { blocked_.reset(); }

 private:
  std::optional<Error> stopped_;
  std::optional<Error> blocked_;
};

struct CollectionPlace {
  std::string name;
  std::string folder;          // of the live files
  std::string archive;         // weeks that were taken away
  std::string quarantine;      // refused records
  bool is_scratch = false;     // of a benchmark: nobody sees it
  std::size_t generation = 0;  // one that had its name before had another: their versions are not taken for each other
};

struct Collection {
  Collection(asio::any_io_executor executor, CollectionPlace place, bool sync_each_commit);

  const std::string name;
  const std::string folder;
  const std::string archive;
  const std::string quarantine;
  const bool is_scratch;
  const std::size_t generation;

  FileSet files;
  std::vector<CollectionFile> archived;
  std::set<std::string> strangers;  // files in the folder that do not count, by identity_of()
  std::vector<Conflict> conflicts;
  std::shared_ptr<const RecordSchema> schema;  // nullptr: records may be anything
  std::unique_ptr<CollectionKeys> keys;        // where the schema has any

  RequestLedger requests;
  IngestQueue queue;
  CommitNumbers numbers;
  CollectionHealth health;
  MergeTurns merges;
  PublishedVersions versions;
  CollectionLock lock;     // of what is written: commits, changes of the schema, files that move
  CollectionLock removal;  // of the folder's files that do not count
  // Deleted or renamed: another may have its name and folder. Whoever held it and waited leaves both alone.
  bool is_retired = false;

  // Whether queries can name it: it has files or a schema, or had some.
  bool is_published() const { return versions.current() > 0; }
  std::size_t commit_count() const;  // not yet merged
  std::int64_t records() const;
  std::int64_t dead_rows() const;
  std::uint64_t bytes() const;

  // A time for the records of a batch, later than that of any other batch that was given one.
  std::int64_t next_stamp(std::int64_t now_us);
  std::int64_t last_stamp_us() const { return last_stamp_us_; }
  // Takes over what a file says of requests, times and conflicts; of a commit, conflicts with what was seen before it.
  void take_over(const CollectionFile& file, const Kinds& before);

 private:
  std::int64_t last_stamp_us_ = 0;  // the newest time that records of it were given
};

// What is wrong with unique values, a sentence for each field: records share one where files came back from the archive
// and had values that were given to other records meanwhile. Empty: nothing.
std::vector<std::string> shared_value_problems(const Collection& collection);
// How much it holds, by week: the document of GET /statistics.
Json statistics_of(const Collection& collection);
// The conflicts of types that a commit brings: a key came with values of another class than before it, or than earlier
// in it.
std::vector<Conflict> conflicts_of_commit(std::uint64_t commit, std::vector<FirstSeen> firsts, const Kinds& before);

}  // namespace canvasback
