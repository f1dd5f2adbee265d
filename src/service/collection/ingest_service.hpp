// IngestService: takes records: a small body joins what waits (GroupCommit), a large one goes on as it comes
// (IngestStream), a deletion is a commit of its own. What is acknowledged is kept and seen by every query from then on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/collection/group_commit.hpp"
#include "service/collection/ingest_stream.hpp"
#include "service/collection/schema_store.hpp"

namespace canvasback {

class IngestService {
 public:
  struct Parts {
    CollectionRegistry& registry;
    KeyService& keys;
    MergeService& merges;
    CommitWriter& commits;
    const SchemaStore& schemas;
  };
  // All of them outlive it.
  IngestService(CollectionContext& context, Parts parts);

  // A whole body of at most limits::kIngestBodyBytesMax, in a commit with others. Errors: InvalidData (with the bad
  // records as JSON in the detail), TooManyRequests, StorageLimit, Unavailable, those of keys (key_refusal).
  asio::awaitable<Result<IngestAnswer>> ingest(IngestRequest request, std::string body);
  // A body of any size, as it comes.
  asio::awaitable<Result<std::unique_ptr<IngestStream>>> begin(IngestRequest request);
  // The same into a collection that is at hand.
  asio::awaitable<Result<IngestAnswer>> ingest_into(Collection& collection, IngestRequest request, std::string body);
  asio::awaitable<Result<std::unique_ptr<IngestStream>>> begin_in(Collection& collection, IngestRequest request);

  // Deletes the record of this key, as in its address. Gives the commit's number. Errors: SchemaNotFound,
  // SchemaValidation where the schema has no key, InvalidData, RecordNotFound, PreconditionFailed where it is of
  // another version, and those of ingest().
  asio::awaitable<Result<std::uint64_t>> remove_record(std::string collection, std::vector<std::string> key,
                                                       ExpectedVersion expected = {});
  // The answer to an earlier request of this key, without asking for anything; nullopt: there was none. Errors:
  // IdempotencyKeyReused, IdempotencyKeyInUse.
  std::optional<Result<IngestAnswer>> earlier_answer(const IngestRequest& request) const;

 private:
  Result<Collection*> collection_for(const IngestRequest& request);
  asio::awaitable<Result<std::uint64_t>> commit_removal(Collection& collection, std::vector<std::string> key,
                                                        KeyHash hash);

  CollectionContext& context_;
  Parts parts_;
  GroupCommit groups_;
};

}  // namespace canvasback
