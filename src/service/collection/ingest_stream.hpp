// IngestStream: one body on its way into a commit of its own, piece by piece: begun by IngestService, fed, finished.
// Dropped before finish(), nothing of it is kept. On the front's one thread; it may outlive no service.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "service/collection/commit_writer.hpp"
#include "service/collection/merge_service.hpp"

namespace canvasback {

class IngestStream {
 public:
  struct Parts {
    CollectionContext& context;
    KeyService& keys;
    MergeService& merges;
    CommitWriter& commits;
  };

  ~IngestStream();
  IngestStream(const IngestStream&) = delete;
  IngestStream& operator=(const IngestStream&) = delete;

  // Waits for a worker and gives it the task. Errors: those of RequestLedger::claim() where the request has a key, and
  // of Pool::submit().
  static asio::awaitable<Result<std::unique_ptr<IngestStream>>> open(Parts parts, Collection& collection,
                                                                     IngestRequest request);

  // Waits where the worker is behind; false where it has failed: finish() says why.
  asio::awaitable<bool> feed(std::string_view bytes);
  // Errors: InvalidData for what the records are, those of conflicts of keys (key_refusal), those of the disk;
  // Unavailable where the schema was changed meanwhile. Nothing is kept then.
  asio::awaitable<Result<IngestAnswer>> finish();
  // Records read so far, as the worker told last.
  std::int64_t records() const { return task_ ? task_->progress().at("rows").as_int() : 0; }

 private:
  IngestStream(Parts parts, Collection& collection, IngestRequest request);
  Status claim_key();
  asio::awaitable<Result<CommitWriter::Commit>> commit(IngestResult& result);

  Parts parts_;
  Collection& collection_;
  IngestRequest request_;
  const Activity::Held working_;
  const Activity::Held coming_;
  std::shared_ptr<PendingFiles> files_ = std::make_shared<PendingFiles>();
  std::unique_ptr<RoleTask> task_;
  std::shared_ptr<const RecordSchema> schema_;  // that the records are checked against
  std::optional<KeptRequest> repeated_;         // what was kept under its key before
  std::int64_t stamp_us_ = 0;                   // of its records
  double queue_ms_ = 0;
  bool holds_key_ = false;
};

}  // namespace canvasback
