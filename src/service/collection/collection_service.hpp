// Collections: records that are kept for good. What clients send is parsed by workers of the role `ingest`, which write
// Parquet into descriptors that were opened here; here it is synced, renamed and acknowledged, and from then on every
// query sees it. All requests that wait at a moment become one commit. Workers of the role `maintain` merge commits
// into the parts of weeks, much at once in one process and little at once in another, so that however long the one
// takes, small commits do not pile up. A folder's files are the truth: nothing is kept beside them, and after a crash
// they are all there is to read (storage/table/part_info.hpp). No protocol here. All calls on the front's one
// thread; the disk is waited for on threads of its own.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "service/collection/collection.hpp"
#include "service/collection/collection_keys.hpp"
#include "service/collection/file_checks.hpp"
#include "service/collection/pending_files.hpp"
#include "service/collection/schema_store.hpp"
#include "service/dataset/dataset_service.hpp"
#include "worker/pool/role_pool.hpp"

namespace canvasback {

inline constexpr std::string_view kDefaultCollection = "all_records";

struct IngestRequest {
  std::string collection{kDefaultCollection};
  InputFormat format = InputFormat::Json;
  std::string encoding;
  std::string key;  // Idempotency-Key
  bool quarantine = false;
  std::optional<bool> cast = {};  // instead of what the schema says
  OnConflict on_conflict = OnConflict::Refuse;
  // With OnConflict::Replace: of the record that is replaced. Of one of another version it is refused
  // (PreconditionFailed).
  ExpectedVersion expected = {};
  // With OnConflict::Replace: the key that the one record must have, as in its address (key_text()).
  std::vector<std::string> address = {};
  // Fields of the one record whose text is that of a date or time, whatever the schema says of them (RecordInfo).
  std::vector<std::pair<std::string, FieldType>> times = {};
  // With a key: what else a repetition must be the same in, beside collection, parameters and body; and what is so
  // instead of the body, where that is made anew each time.
  std::string repeated_as = {};
  std::optional<std::string> repeated_body = {};
  bool known_only = false;  // SchemaNotFound where there is neither schema nor collection; else the collection is made
  std::int64_t received_ns = 0;
};

// Records made to fit a schema, written one by one and in bulk.
struct BenchmarkRequest {
  std::string schema;
  std::int64_t records = 0;
  std::int64_t single_records = 0;
};

// Long work that is watched: told how many of its steps are done, and stopped between two of them. Handed to coroutines
// by a variable: GCC 12 destroys a temporary of such a type in a co_await expression twice.
struct WorkWatch {
  CancelToken cancel = {};
  std::function<void(std::int64_t done, std::int64_t all)> told = {};

  Status step(std::int64_t done, std::int64_t all) const {
    if (told) told(done, all);
    return cancel.check();
  }
};

class CollectionService;

// One body on its way into a commit of its own. Dropped before finish(), nothing of it is kept.
class IngestStream {
 public:
  IngestStream(CollectionService& service, Collection& collection, IngestRequest request);
  ~IngestStream();
  IngestStream(const IngestStream&) = delete;
  IngestStream& operator=(const IngestStream&) = delete;

  // Waits where the worker is behind; false where it has failed: finish() says why.
  asio::awaitable<bool> feed(std::string_view bytes);
  asio::awaitable<Result<IngestAnswer>> finish();
  // Records read so far, as the worker told last.
  std::int64_t records() const { return task_ ? task_->progress().at("rows").as_int() : 0; }

 private:
  friend class CollectionService;
  CollectionService& service_;
  Collection& collection_;
  IngestRequest request_;
  std::shared_ptr<PendingFiles> files_;
  std::unique_ptr<RoleTask> task_;
  std::shared_ptr<const RecordSchema> schema_;  // that the records are checked against
  std::optional<KeptRequest> repeated_;         // what was kept under its key before
  std::int64_t stamp_us_ = 0;                   // of its records
  double queue_ms_ = 0;
  bool holds_key_ = false;
};

class CollectionService {
 public:
  struct Options {
    std::string data_folder;
    bool sync_each_commit = true;              // durability = commit; else every limits::kSyncInterval
    std::int64_t merge_after_s = 60;           // commits that have lain so long are merged however few they are
    std::int64_t grace_s = 60;                 // files that were merged into others stay so long
    std::int64_t keep_weeks = 0;               // parts of older weeks are removed; 0: none
    std::int64_t scrub_every_h = 168;          // every file is read and compared with its checksums so often; 0: never
    std::uint64_t key_bytes_max = UINT64_MAX;  // memory of all collections' keys: what needs more is refused
  };

  struct Pools {
    RolePool& ingest;
    RolePool& maintain;  // for what takes long
    RolePool& tidy;      // of the same role, for what takes a moment
  };

  CollectionService(asio::any_io_executor executor, Pools pools, DatasetService& datasets, Options options);
  ~CollectionService();

  // Reads what is there. A collection of which a file or folder cannot be read is blocked (Collection::blocked) and
  // keeps no other from being opened. Errors: those of the data folder itself and of the schemas.
  asio::awaitable<Status> open();
  // Merges, deletes what was superseded, notices files that were moved by hand; until destroyed.
  void start_maintaining();

  // A whole body of at most limits::kIngestBodyBytesMax, in a commit with others. Errors: InvalidData (with the bad
  // records as JSON in the detail), TooManyRequests, StorageLimit, Unavailable.
  asio::awaitable<Result<IngestAnswer>> ingest(IngestRequest request, std::string body);
  // A body of any size, as it comes.
  asio::awaitable<Result<std::unique_ptr<IngestStream>>> begin(IngestRequest request);

  // Deletes the record of this key, as in its address. Gives the commit's number. Errors: SchemaNotFound,
  // SchemaValidation where the schema has no key, InvalidData, RecordNotFound, PreconditionFailed where it is of
  // another version, and those of ingest().
  asio::awaitable<Result<std::uint64_t>> remove_record(std::string collection, std::vector<std::string> key,
                                                       ExpectedVersion expected = {});
  // The answer to an earlier request of this key, without asking for anything; nullopt: there was none. Errors:
  // IdempotencyKeyReused, IdempotencyKeyInUse.
  std::optional<Result<IngestAnswer>> earlier_answer(const IngestRequest& request) const;

  // nullptr: there is none (yet).
  const Collection* find(std::string_view name) const;
  const std::map<std::string, std::unique_ptr<Collection>, std::less<>>& collections() const { return collections_; }
  const SchemaStore& schemas() const { return schemas_; }
  // A first version. Errors: DuplicateRecord where there is a schema of the name, InvalidData for a name that is taken
  // by a dataset, SchemaValidation where the records that are there have no such keys.
  asio::awaitable<Result<RecordSchema>> create_schema(RecordSchema schema);
  // A further version. Errors: also SchemaNotFound.
  asio::awaitable<Result<RecordSchema>> replace_schema(RecordSchema schema);
  // The records stay, and may be anything from now on. Errors: SchemaNotFound.
  asio::awaitable<Status> remove_schema(std::string name);

  // Measures them: {"row_by_row", "bulk", "speedup", …}. Errors: InvalidData for a schema that nothing can be made up
  // for.
  asio::awaitable<Result<Json>> benchmark(BenchmarkRequest request);

  const std::string& data_folder() const { return options_.data_folder; }
  bool sync_each_commit() const { return options_.sync_each_commit; }

  // Merges all commits into the parts of weeks now; gives how many there were.
  asio::awaitable<Result<std::size_t>> compact(std::string name, WorkWatch watch);
  struct Moved {
    std::vector<std::string> files;
    std::vector<std::pair<std::string, std::string>> skipped;  // file, why it stays where it is
  };
  // Moves the parts of weeks before that one to the archive (or, restored, of these weeks back). One that cannot be
  // moved, such as one whose name is taken there, keeps no other from being moved. Errors: Unavailable, also where
  // none could be moved.
  asio::awaitable<Result<Moved>> archive_before(std::string name, std::int64_t week_number);
  asio::awaitable<Result<Moved>> restore(std::string name, std::int64_t first_week, std::int64_t last_week);
  struct Verified {
    std::size_t files = 0;
    std::int64_t records = 0;
    std::vector<std::pair<std::string, std::string>> problems;  // file, what is wrong
  };
  // Reads every value of every live file. Files that block the collection are problems.
  asio::awaitable<Result<Verified>> verify(std::string name, WorkWatch watch);

  // Whether files of a collection were moved away, changed or made unreadable since they were last looked for; that is
  // taken note of.
  asio::awaitable<bool> look_again();

  // Which files of these datasets nobody has checked yet, and what a worker says that it has (Task::unchecked).
  std::vector<std::string> unchecked(const std::vector<std::shared_ptr<const Dataset>>& datasets) const;
  void take_checked(const Json& checked);
  // Compares every byte of a file with its checksums, in a worker: of the file behind the descriptor where there is
  // one. Errors: InvalidData that names the file.
  asio::awaitable<Status> check_file(DataFile file, int fd = -1);
  // Takes note of files of all collections that were moved, changed or only touched (linked, say) by hand.
  asio::awaitable<void> notice_all_changes();
  const FileChecks& file_checks() const { return checks_; }
  bool scrubbing() const { return scrubbing_; }

  // Takes no more; ends what is under way.
  asio::awaitable<void> shut_down();

 private:
  friend class IngestStream;
  struct Scratch;
  using Names = std::vector<std::pair<std::string, std::string>>;  // from, to

  Result<Collection*> collection_for(std::string_view name);
  Result<Collection*> collection_for(const IngestRequest& request);
  asio::awaitable<Result<IngestAnswer>> ingest_into(Collection& collection, IngestRequest request, std::string body);
  asio::awaitable<Result<std::unique_ptr<IngestStream>>> begin_in(Collection& collection, IngestRequest request);
  asio::awaitable<Result<RecordSchema>> take_schema(Collection& collection, RecordSchema schema, bool first);
  asio::awaitable<void> drop_dead(Collection& collection);
  asio::awaitable<Result<std::unique_ptr<CollectionKeys>>> keys_under(Collection& collection,
                                                                      const RecordSchema& schema);
  Status check_room(const Collection& collection) const;
  Result<const KeptRequest*> claim_key(Collection& collection, const std::string& key);
  void release_key(Collection& collection, const std::string& key);

  asio::awaitable<void> commit_waiting(Collection& collection);
  asio::awaitable<void> commit_group(Collection& collection, std::vector<std::shared_ptr<IngestTicket>> group);
  // How a batch whose records have keys joins them.
  struct KeyedBatch {
    std::string entries;
    KeyVerdict verdict;
    std::optional<std::pair<KeyHash, std::int64_t>> removed;  // instead: a record that is deleted
  };
  asio::awaitable<Result<std::uint64_t>> keep(Collection& collection, IngestResult& result,
                                              std::shared_ptr<PendingFiles> files, double& sync_ms, KeyedBatch* keyed);
  asio::awaitable<void> join_keys(Collection& collection, const std::vector<CollectionFile>& added, KeyedBatch& batch);
  asio::awaitable<Result<KeyedBatch>> judge_keys(Collection& collection, std::shared_ptr<PendingFiles> files,
                                                 OnConflict on_conflict, std::vector<std::int64_t> requests,
                                                 ExpectedVersion expected);
  asio::awaitable<Status> settle_left_out(Collection& collection, std::int64_t since_us);
  Status check_key_memory(const Collection& collection, std::size_t bytes) const;
  IngestWork work_for(Collection& collection, OnConflict on_conflict);
  // Makes the keys of all live files anew; none where the schema has none.
  asio::awaitable<Result<std::unique_ptr<CollectionKeys>>> read_keys(Collection& collection,
                                                                     std::shared_ptr<const RecordSchema> schema,
                                                                     CollectionKeys::Rebuilt& rebuilt);
  asio::awaitable<void> publish_moved(Collection& collection);
  asio::awaitable<Status> renew_keys(Collection& collection);
  RolePool::OpenFile opener(Collection& collection, std::shared_ptr<PendingFiles> files);
  void publish(Collection& collection);

  // Everything that the folder says, and nothing else. At the start of the program what is left of unfinished work is
  // removed; later it is only left out. Under the lock, except at the start.
  asio::awaitable<Status> examine_all(Collection& collection, bool at_start);
  // examine_all() once more; where that fails the collection is blocked.
  asio::awaitable<void> reload(Collection& collection);
  // The files with what they say of themselves, or with their trouble.
  asio::awaitable<Result<std::vector<CollectionFile>>> examine(std::vector<CollectionFile> files, bool deep);
  asio::awaitable<Result<std::vector<CollectionFile>>> examine_together(std::vector<CollectionFile> files, bool deep);
  asio::awaitable<Result<std::vector<CollectionFile>>> examine_folder(const Collection& collection,
                                                                      std::vector<CollectionFile> listed);
  struct Contents;  // of a folder: what examine_all() goes through
  asio::awaitable<Result<Contents>> contents_of(const Collection& collection);
  void take_stock(Collection& collection, Contents& found);
  asio::awaitable<Status> put_away(Collection& collection, Contents found, std::set<std::string> were_live,
                                   bool at_start);
  void supersede_anew(Collection& collection, const std::set<std::string>& were_live);
  void block(Collection& collection, const Error& error);
  asio::awaitable<bool> may_be_unblocked(const Collection& collection, std::vector<CollectionFile> listed);
  asio::awaitable<bool> has_changed(const Collection& collection, std::set<std::string> before,
                                    std::vector<CollectionFile> listed);
  asio::awaitable<bool> archive_has_changed(const Collection& collection);
  void know_numbers(Collection& collection, const std::optional<NumberNote>& note, bool damaged,
                    std::uint64_t last_rejects);
  NumberNote number_note(const Collection& collection, std::uint64_t used_up_to) const;
  asio::awaitable<void> note_numbers(Collection& collection, std::uint64_t used_up_to);
  // How much a merge takes on, and so which process does it.
  enum class MergeSize { Small, Large };
  FileSet due_commits(const Collection& collection, MergeSize size) const;
  FileSet next_merge(const Collection& collection, MergeSize size) const;
  void start_merges(Collection& collection);
  asio::awaitable<void> merge_all(Collection& collection, MergeSize size);
  // Waits until no merge is under way; the caller says so before it waits for anything else.
  asio::awaitable<void> wait_for_merges(Collection& collection);
  void carry_deletes(const Collection& collection, const FileSet& inputs, PartInfo& info) const;
  asio::awaitable<Status> follow_merge(Collection& collection, const FileSet& inputs,
                                       const std::vector<CollectionFile>& added, std::shared_ptr<PendingFiles> files);
  asio::awaitable<Result<std::size_t>> merge(Collection& collection, FileSet inputs);
  asio::awaitable<Result<std::size_t>> merge_files(Collection& collection, FileSet inputs);
  asio::awaitable<Result<Moved>> move_files(Collection& collection, std::vector<CollectionFile> files, bool to_archive);
  asio::awaitable<void> maintain(std::shared_ptr<bool> alive);
  asio::awaitable<void> notice_moves(Collection& collection);
  // Stops at the first that is wrong.
  asio::awaitable<Status> check_all(const std::vector<CollectionFile>& files);
  // All files there are, with the names of their collections.
  std::vector<std::pair<std::string, DataFile>> all_files() const;
  asio::awaitable<void> check_one(std::string collection, DataFile file);
  asio::awaitable<void> check_in_background(std::shared_ptr<bool> alive);
  asio::awaitable<void> remember_checks();
  asio::awaitable<void> remove_expired(Collection& collection);
  asio::awaitable<void> sync_behind(std::shared_ptr<bool> alive);
  void supersede(Collection& collection, std::vector<CollectionFile> files);
  static Status remove_in_turn(const std::vector<std::vector<std::string>>& generations, const std::string& folder);
  asio::awaitable<void> delete_superseded(Collection& collection, std::int64_t grace_s);

  asio::any_io_executor executor_;
  RolePool& ingest_;
  RolePool& maintain_;
  RolePool& tidy_;
  DatasetService& datasets_;
  Options options_;
  SchemaStore schemas_;
  FileChecks checks_;
  const std::string key_secret_;  // of hashes of keys, which nothing outlives
  asio::thread_pool disk_{2};
  asio::thread_pool house_{2};  // for what may take long there, so that no commit waits for it
  std::map<std::string, std::unique_ptr<Collection>, std::less<>> collections_;
  std::vector<std::pair<Collection*, std::string>> unsynced_;  // durability = interval
  std::size_t streams_ = 0;
  bool benchmarking_ = false;
  bool maintaining_ = false;
  bool scrubbing_ = false;
  std::uint64_t next_temporary_ = 1;
  bool stopping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
