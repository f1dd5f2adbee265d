// GroupCommit: makes commits out of the bodies that wait in a collection's queue, all that wait at a moment in one.
// While one commit is on its way to the disk, the next one gathers. Requests whose keys are taken are answered and left
// out, and the others written once more without them: that costs time only where there are duplicates.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "service/collection/commit_writer.hpp"

namespace canvasback {

class GroupCommit {
 public:
  // All of them outlive it.
  GroupCommit(CollectionContext& context, KeyService& keys, CommitWriter& commits)
      : context_(context), keys_(keys), commits_(commits) {}

  // Adds a request to the queue and waits until it is answered. Requires that the queue has room for it.
  asio::awaitable<Result<IngestAnswer>> keep(Collection& collection, std::shared_ptr<IngestTicket> ticket);

 private:
  struct Written;  // by a worker: a group as files

  asio::awaitable<void> run(Collection& collection);
  asio::awaitable<void> commit(Collection& collection, IngestGroup group);
  asio::awaitable<Result<Written>> write(Collection& collection, const IngestGroup& group);
  asio::awaitable<Result<std::optional<KeyedBatch>>> judge(Collection& collection, const IngestGroup& group,
                                                           const Written& written);

  CollectionContext& context_;
  KeyService& keys_;
  CommitWriter& commits_;
};

}  // namespace canvasback
