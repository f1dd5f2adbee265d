// The task that every write gives a worker of the role `ingest`: what is in common to bodies, groups and deletions.
// Internal to the services.
#pragma once

#include <memory>

#include "service/collection/collection.hpp"
#include "service/collection/collection_context.hpp"

namespace canvasback {

// For records that come now: their time, the schema and the secret of keys that are in force.
IngestWork ingest_work(Collection& collection, OnConflict on_conflict);

// Waits for a worker, which then writes into files of the collection's folder, told in `files`. is_long: its input
// comes piece by piece. Errors: TooManyRequests, Unavailable.
asio::awaitable<Result<std::unique_ptr<RoleTask>>> submit_ingest(CollectionContext& context, Collection& collection,
                                                                 IngestWork work, std::shared_ptr<PendingFiles> files,
                                                                 bool is_long);

}  // namespace canvasback
