// FileRemoval: removes a collection's files that are not part of it any more. Files go once every version that lists
// them is gone (tasks under way hold theirs), and a while later: who copies the folder by hand may have listed it
// before the files that took their place were there. Each generation is gone for good before the next
// (PublishedVersions).
#pragma once

#include <cstdint>

#include "service/collection/collection_registry.hpp"
#include "service/collection/key_service.hpp"

namespace canvasback {

class FileRemoval {
 public:
  // All of them outlive it.
  FileRemoval(CollectionContext& context, CollectionRegistry& registry, KeyService& keys)
      : context_(context), registry_(registry), keys_(keys) {}

  // What nobody needs any more; nothing while the collection is blocked. A failure is logged, and tried again the next
  // time. The caller may have the collection's lock.
  asio::awaitable<void> remove_superseded(Collection& collection, std::int64_t grace_s);
  // Takes parts of weeks that are older than what is to be kept (CollectionOptions::keep_weeks) out of the collection.
  // The archive is left alone. Requires that the caller does not have the lock.
  asio::awaitable<void> expire(Collection& collection);

 private:
  CollectionContext& context_;
  CollectionRegistry& registry_;
  KeyService& keys_;
};

}  // namespace canvasback
