// Collection: what the front knows of one collection: its files and what they say of themselves, the requests whose
// repetition must do nothing, and what waits to be written. Plain state; CollectionService is what acts.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "record/record_schema.hpp"
#include "service/collection/collection_lock.hpp"
#include "storage/table/file_set.hpp"
#include "task/collection_task.hpp"
#include "worker/pool/event.hpp"

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

struct IngestAnswer {
  std::int64_t records = 0;
  std::int64_t quarantined = 0;
  std::uint64_t commit = 0;  // 0: there was nothing to keep
  bool repeated = false;     // the answer to an earlier request of the same Idempotency-Key
  Json errors;               // of single records, where they were quarantined
  double queue_ms = 0;       // until a worker had it
  double work_ms = 0;        // parsing, encoding
  double sync_ms = 0;        // until it was on the disk
  double memory_usage_mb = 0;
  Json id;                          // of a record that came alone
  std::vector<std::string> record;  // its key, as in its address
  std::int64_t ingested_us = 0;     // of all of them; 0: it is not known any more
};

// One request that waits for the next commit.
struct IngestTicket {
  IngestInput input;
  OnConflict on_conflict = OnConflict::Refuse;
  ExpectedVersion expected;  // IngestRequest's, as are the next two
  std::vector<std::string> address;
  std::vector<std::pair<std::string, FieldType>> times;
  std::string body;
  std::int64_t received_ns = 0;
  Event done;
  std::optional<Result<IngestAnswer>> answer;
};

// A file that may go once no task lists it any more.
struct SupersededFile {
  std::string path;
  std::uint64_t since = 0;  // the first published version without it
  std::int64_t since_ns = 0;
};

class CollectionKeys;

struct Collection {
  Collection();
  ~Collection();

  std::string name;
  std::string folder;      // of the live files
  std::string archive;     // weeks that were taken away
  std::string quarantine;  // refused records

  FileSet files;
  std::vector<CollectionFile> archived;
  std::vector<Conflict> conflicts;
  std::map<std::string, KeptRequest, std::less<>> requests;
  std::set<std::string, std::less<>> requests_under_way;  // their keys
  std::uint64_t last_commit = 0;
  std::uint64_t numbers_noted = 0;  // commit numbers up to this one are reserved on the disk (NumberNote)
  std::uint64_t synced_commit = 0;  // with durability = interval: commits up to this one are on the disk
  std::optional<Error> stopped;     // a sync failed: nothing more is acknowledged
  // A file or folder of it cannot be read: nothing is written, merged or answered until it can be, or is gone. Says
  // which, why, and what to do.
  std::optional<Error> blocked;

  std::shared_ptr<const RecordSchema> schema;  // nullptr: records may be anything
  std::unique_ptr<CollectionKeys> keys;        // where the schema has any; under the lock
  std::unique_ptr<CollectionLock> lock;        // of what is written: commits, changes of the schema, files that move
  std::int64_t last_stamp_us = 0;              // the newest time that records of it were given

  std::deque<std::shared_ptr<IngestTicket>> waiting;
  std::size_t waiting_bytes = 0;
  bool is_scratch = false;  // of a benchmark: nobody sees it
  bool committing = false;
  bool merging = false;                         // much at once, or files are moved
  bool tidying = false;                         // little at once, beside it
  int waiting_for_merges = 0;                   // so many wait for both to end: no other begins
  std::int64_t merge_failed_ns = 0;             // when one did last: the next waits for a moment
  std::set<std::string, std::less<>> in_merge;  // paths of what the merges under way are made of
  bool changing_names = false;                  // a listing taken meanwhile says nothing
  std::uint64_t name_changes = 0;

  std::uint64_t version = 0;
  std::vector<std::pair<std::uint64_t, std::weak_ptr<const Dataset>>> published;
  std::vector<SupersededFile> superseded;  // in the order in which they go: older ones first
  bool removing = false;                   // some of them are going
  bool reloading = false;                  // files were moved or changed by hand: what is published is not up to date
  std::set<std::string> strangers;         // files in the folder that do not count, by identity_of()
  std::optional<Error> merge_error;        // why the last merge failed, where it was not for want of room

  // Errors: the one that keeps it from being written, merged or moved.
  Status usable() const;
  std::size_t commit_count() const;  // not yet merged
  std::int64_t records() const;
  std::uint64_t bytes() const;
};

// A time for the records of a batch, later than that of any other batch that was given one.
std::int64_t next_stamp(Collection& collection);
// What is wrong with unique values, a sentence for each field: records share one where files came back from the archive
// and had values that were given to other records meanwhile. Empty: nothing.
std::vector<std::string> shared_value_problems(const Collection& collection);
// How much it holds, by week: the document of GET /statistics.
Json statistics_of(const Collection& collection);
// Remembers a request's key; the oldest go past limits::kIdempotencyKeysMax and limits::kIdempotencyAge.
void remember_request(Collection& collection, KeptRequest request, std::int64_t now_us);
// Takes over what a file says of requests and conflicts; of a commit, conflicts with what was seen before it.
void take_over(Collection& collection, const CollectionFile& file, const Kinds& before);

}  // namespace canvasback
