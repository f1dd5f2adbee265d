// MergeService: merges a collection's commits and parts into the parts of weeks. Which files go together is
// storage/table/merge_choice, what the parts say of themselves merge_plan; here workers are given the task, the parts
// get their names in the folder, and take the place of what they were made of. What was merged goes later
// (FileRemoval).
//
// A merge needs no lock while a worker writes; it is thrown away where the schema was changed meanwhile. Nothing of it
// counts until its note, all its parts and the folder are on the disk.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service/collection/collection_registry.hpp"
#include "service/collection/key_service.hpp"

namespace canvasback {

class MergeService {
 public:
  // All of them outlive it.
  MergeService(CollectionContext& context, CollectionRegistry& registry, KeyService& keys)
      : context_(context), registry_(registry), keys_(keys) {}

  // From now on collections are merged by themselves.
  void begin() { begun_ = true; }
  // Begins what is worth merging now, one merge of each size at a time; returns at once.
  void start(Collection& collection);
  // The same, behind a commit: only looks where there are many.
  void start_after_commit(Collection& collection);

  // Requires that nobody has claimed one of the files (MergeTurns), and claims them for as long as it takes; the caller
  // does not have the lock. Gives how many files were merged; 0 where it was thrown away. Errors: those of
  // CollectionHealth, of the workers, of the disk; the files stay as they were.
  asio::awaitable<Result<std::size_t>> merge(Collection& collection, std::vector<CollectionFile> inputs);

  // Merges away rows that were left out because their key was there (OnConflict::Ignore) since then. Requires that the
  // caller has no lock.
  asio::awaitable<Status> merge_left_out(Collection& collection, std::int64_t since_us);

 private:
  struct Merge;  // one that is under way

  std::vector<CollectionFile> choose(const Collection& collection, MergeSize size) const;
  asio::awaitable<void> merge_due(Collection& collection, MergeSize size);
  asio::awaitable<Result<std::size_t>> merge_claimed(Collection& collection, Merge& merge);
  Task task_of(const Collection& collection, Merge& merge) const;
  asio::awaitable<Status> write_parts(Collection& collection, Merge& merge);
  asio::awaitable<Status> name_parts(Collection& collection, Merge& merge);
  asio::awaitable<Status> take_place(Collection& collection, Merge& merge);

  CollectionContext& context_;
  CollectionRegistry& registry_;
  KeyService& keys_;
  bool begun_ = false;
};

}  // namespace canvasback
