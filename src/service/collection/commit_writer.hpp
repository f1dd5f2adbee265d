// CommitWriter: makes the files that a worker wrote part of a collection: numbered, on the disk in the order of a
// CommitPlan (storage/table/commit_plan.hpp), their keys joined, and visible to every query. Once publish() has given a
// number the records are there after any crash (durability = commit), or within limits::kSyncInterval (interval): then
// sync_files() syncs what was acknowledged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/collection/collection_registry.hpp"
#include "service/collection/key_service.hpp"

namespace canvasback {

class CommitWriter {
 public:
  // Called behind each commit: many may be worth merging.
  using Committed = std::function<void(Collection&)>;

  // All of them outlive it.
  CommitWriter(CollectionContext& context, CollectionRegistry& registry, KeyService& keys, Committed committed)
      : context_(context), registry_(registry), keys_(keys), committed_(std::move(committed)) {}

  struct Commit {
    std::uint64_t number = 0;  // 0: there was nothing to keep
    double sync_ms = 0;        // until it was on the disk
  };
  // Requires the collection's lock. `keyed`: where it has keys. Errors: StorageLimit where the disk was full and
  // nothing was kept; anything else of the disk stops the collection (CollectionHealth): a sync that failed is never
  // tried again on that file.
  asio::awaitable<Result<Commit>> publish(Collection& collection, IngestResult& result,
                                          std::shared_ptr<PendingFiles> files, KeyedBatch* keyed);

  // Writes down which numbers are used, and up to where all is on the disk. Requires the lock. A failure is logged: the
  // next commit tries again, or fails.
  asio::awaitable<void> write_note(Collection& collection, NumberNote note);

  // durability = interval: the file is synced with the next ones.
  void sync_later(Collection& collection, std::string path) { unsynced_.emplace_back(&collection, std::move(path)); }
  // Syncs what was acknowledged until now; asked for every limits::kSyncInterval.
  asio::awaitable<void> sync_files();
  // The last of it, when nothing is committed any more.
  asio::awaitable<void> sync_rest();

 private:
  struct Step;
  asio::awaitable<Status> carry_out(Collection& collection, std::shared_ptr<Step> step);
  Result<std::vector<CollectionFile>> files_of(Collection& collection, const CommitPlan& plan, IngestResult& result);
  void stop(Collection& collection, const Error& error);

  CollectionContext& context_;
  CollectionRegistry& registry_;
  KeyService& keys_;
  Committed committed_;
  std::vector<std::pair<Collection*, std::string>> unsynced_;
};

}  // namespace canvasback
