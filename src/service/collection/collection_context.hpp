// CollectionContext: what the services of collections share and none of them owns: where they run, their workers, what
// the settings say, and whether the program is stopping. Made once, outlives them all. On the front's one thread; the
// disk is waited for on threads of its own.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <string>

#include "base/hash.hpp"
#include "service/collection/pending_files.hpp"
#include "service/schedule/activity.hpp"
#include "service/schedule/schedule.hpp"
#include "worker/pool/pool.hpp"

namespace canvasback {

struct CollectionOptions {
  std::string data_folder;
  bool sync_each_commit = true;              // durability = commit; else every limits::kSyncInterval
  std::int64_t merge_after_s = 60;           // commits that have lain so long are merged however few they are
  std::int64_t grace_s = 60;                 // files that were merged into others stay so long
  std::int64_t keep_weeks = 0;               // parts of older weeks are removed; 0: none
  std::int64_t trash_days = 7;               // what was deleted is removed for good so long after; 0: never
  std::int64_t scrub_every_h = 168;          // every file is read and compared with its checksums so often; 0: never
  std::uint64_t key_bytes_max = UINT64_MAX;  // memory of all collections' keys: what needs more is refused
};

struct CollectionPools {
  Pool& ingest;
  Pool& large;  // of the role `maintain`, for what takes long
  Pool& small;  // of the same role, for what takes a moment
};

struct CollectionContext {
  CollectionContext(asio::any_io_executor executor_of_all, Schedule& schedule_of_all, CollectionPools pools_of_all,
                    CollectionOptions settings)
      : executor(std::move(executor_of_all)),
        schedule(schedule_of_all),
        pools(pools_of_all),
        options(std::move(settings)),
        key_secret(random_hex(16)),
        work(executor),
        bodies(executor) {}

  const asio::any_io_executor executor;
  Schedule& schedule;
  const CollectionPools pools;
  const CollectionOptions options;
  const std::string key_secret;         // of hashes of keys, which nothing outlives
  asio::thread_pool commit_io{2};       // the disk, where somebody waits for an answer
  asio::thread_pool maintenance_io{2};  // and where it may take long: no commit waits for it
  PendingFileNames pending_names;
  Activity work;    // bodies, commits, merges: what a stop waits for
  Activity bodies;  // of them, those that come piece by piece

  // Nothing new is taken once it is true; it stays so.
  bool stopping() const { return stopping_; }
  void stop() { stopping_ = true; }

 private:
  bool stopping_ = false;
};

}  // namespace canvasback
