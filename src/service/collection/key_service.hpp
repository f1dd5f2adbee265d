// KeyService: keeps a collection's keys in step with its files: says whether a batch may join, joins it, follows
// merges, and makes all keys anew from the files where they were moved or the schema was changed. What the keys mean is
// storage/table/collection_keys; here that runs on threads that may wait, within the memory that settings give to keys.
//
// Every call requires the collection's lock, and but for renew() that it has keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/collection/collection_registry.hpp"
#include "service/collection/pending_files.hpp"

namespace canvasback {

// How a batch whose records have keys joins them; or, instead, a record that is deleted.
struct KeyedBatch {
  std::string entries;
  KeyVerdict verdict;
  std::optional<std::pair<KeyHash, std::int64_t>> removed = {};  // when
};

class KeyService {
 public:
  // Both outlive it.
  KeyService(CollectionContext& context, CollectionRegistry& registry) : context_(context), registry_(registry) {}

  // Whether what a worker wrote may join, as CollectionKeys::judge(). Costs memory for the batch's keys. Errors:
  // MemoryLimit where the keys would take more than Options::key_bytes_max; nothing is changed.
  asio::awaitable<Result<KeyedBatch>> judge(Collection& collection, std::shared_ptr<PendingFiles> files,
                                            OnConflict on_conflict, std::vector<std::int64_t> requests,
                                            ExpectedVersion expected);
  // Takes in a batch that was judged, whose files have their names.
  asio::awaitable<void> join(Collection& collection, const std::vector<CollectionFile>& added, KeyedBatch& batch);
  // Rows of `from` are rows of `added` now. `files`: what the worker of the merge wrote.
  asio::awaitable<Status> follow_merge(Collection& collection, const std::vector<CollectionFile>& from,
                                       const std::vector<CollectionFile>& added, std::shared_ptr<PendingFiles> files);

  // The keys of all live files under a schema that has some, read by a worker; what is in force stays as it is.
  struct Read {
    std::unique_ptr<CollectionKeys> keys;
    CollectionKeys::Rebuilt rebuilt;
  };
  asio::awaitable<Result<Read>> read(const Collection& collection, std::shared_ptr<const RecordSchema> schema);
  // Makes the collection's keys anew from its files and schema; none where the schema has none.
  asio::awaitable<Status> renew(Collection& collection);

 private:
  Status check_memory(const Collection& collection, std::size_t bytes) const;

  CollectionContext& context_;
  CollectionRegistry& registry_;
};

}  // namespace canvasback
