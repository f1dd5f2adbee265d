// Collections: records that are kept for good. What clients send is parsed by workers of the role `ingest`, which write
// Parquet into descriptors that were opened here; here it is synced, renamed and acknowledged, and from then on every
// query sees it. All requests that wait at a moment become one commit. Workers of the role `maintain` merge commits
// into the parts of weeks, much at once in one process and little at once in another, so that however long the one
// takes, small commits do not pile up. A folder's files are the truth: nothing is kept beside them, and after a crash
// they are all there is to read (storage/table/part_info.hpp).
//
// CollectionService is the house: it makes the services of collections, one for each use case, gives each what it needs
// of the others, opens and stops them together, and keeps house in the background. No protocol here. All calls on the
// front's one thread; the disk is waited for on threads of its own.
//
//   CollectionService service(executor, pools, datasets, options);
//   co_await service.open();
//   service.start_maintaining();
//   auto answer = co_await service.ingest().ingest(request, body);
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "service/collection/archive_service.hpp"
#include "service/collection/benchmark_service.hpp"
#include "service/collection/collection_loader.hpp"
#include "service/collection/collection_registry.hpp"
#include "service/collection/commit_writer.hpp"
#include "service/collection/compact_service.hpp"
#include "service/collection/file_removal.hpp"
#include "service/collection/file_scrub.hpp"
#include "service/collection/folder_watch.hpp"
#include "service/collection/ingest_service.hpp"
#include "service/collection/key_service.hpp"
#include "service/collection/merge_service.hpp"
#include "service/collection/part_examiner.hpp"
#include "service/collection/schema_service.hpp"
#include "service/collection/trash_service.hpp"
#include "service/collection/verify_service.hpp"

namespace canvasback {

class CollectionService {
 public:
  // Schedule, pools and datasets outlive it.
  CollectionService(asio::any_io_executor executor, Schedule& schedule, CollectionPools pools, DatasetService& datasets,
                    CollectionOptions options);
  ~CollectionService();

  // Reads what is there; before anything else is called. Errors: those of the data folder itself and of the schemas.
  asio::awaitable<Status> open() { return loader_.open(); }
  // Merges, deletes what was superseded, notices files that were moved by hand, checks files; until it is shut down or
  // the schedule is stopped.
  void start_maintaining();
  // Takes no more; ends what is under way, for limits::kDrainDeadline at the longest.
  asio::awaitable<void> shut_down();

  // nullptr: there is none (yet).
  const Collection* find(std::string_view name) const { return registry_.find(name); }
  const CollectionRegistry::Map& collections() const { return registry_.all(); }
  const SchemaStore& schema_store() const { return schema_store_; }
  const std::string& data_folder() const { return context_.options.data_folder; }
  bool sync_each_commit() const { return context_.options.sync_each_commit; }

  IngestService& ingest() { return ingest_; }
  SchemaService& schemas() { return schemas_; }
  CompactService& compaction() { return compaction_; }
  ArchiveService& archive() { return archive_; }
  TrashService& trash() { return trash_; }
  VerifyService& verification() { return verification_; }
  BenchmarkService& benchmark() { return benchmark_; }
  FileScrub& scrub() { return scrub_; }
  const FileScrub& scrub() const { return scrub_; }
  FolderWatch& folders() { return folders_; }
  PartExaminer& examiner() { return examiner_; }

 private:
  asio::awaitable<void> keep_house();

  // In the order in which each needs those before it.
  CollectionContext context_;
  SchemaStore schema_store_;
  FileChecks checks_;
  CollectionRegistry registry_;
  PartExaminer examiner_;
  KeyService keys_;
  FileRemoval removal_;
  MergeService merges_;
  CommitWriter commits_;
  CollectionLoader loader_;
  FolderWatch folders_;
  FileScrub scrub_;
  CompactService compaction_;
  ArchiveService archive_;
  TrashService trash_;
  VerifyService verification_;
  SchemaService schemas_;
  IngestService ingest_;
  BenchmarkService benchmark_;
  int periods_ = 0;  // of keeping house
};

}  // namespace canvasback
