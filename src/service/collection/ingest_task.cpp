#include "service/collection/ingest_task.hpp"

#include "base/clock.hpp"

namespace canvasback {

IngestWork ingest_work(Collection& collection, OnConflict on_conflict) {
  IngestWork work;
  work.time_us = collection.next_stamp(wall_us());
  if (collection.schema) work.schema = *collection.schema;
  if (collection.keys) work.key_secret = collection.keys->secret();
  work.keeps_older = on_conflict == OnConflict::Ignore;
  return work;
}

asio::awaitable<Result<std::unique_ptr<RoleTask>>> submit_ingest(CollectionContext& context, Collection& collection,
                                                                 IngestWork work, std::shared_ptr<PendingFiles> files,
                                                                 bool is_long) {
  Task task;
  task.work = std::move(work);
  OpenFile open_file = open_in(context.pending_names, collection.folder, std::move(files));
  CancelToken never;
  co_return co_await context.pools.ingest.submit(std::move(task), std::move(open_file), never, is_long);
}

}  // namespace canvasback
