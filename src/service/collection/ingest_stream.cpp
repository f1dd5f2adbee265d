#include "service/collection/ingest_stream.hpp"

#include <utility>

#include "base/clock.hpp"
#include "service/collection/ingest_task.hpp"
#include "service/collection/key_refusal.hpp"

namespace canvasback {

IngestStream::IngestStream(Parts parts, Collection& collection, IngestRequest request)
    : parts_(parts),
      collection_(collection),
      request_(std::move(request)),
      working_(parts.context.work.begin()),
      coming_(parts.context.bodies.begin()) {}

IngestStream::~IngestStream() {
  if (holds_key_) collection_.requests.release(request_.key);
}

Status IngestStream::claim_key() {
  if (request_.key.empty()) return {};
  CANVASBACK_ASSIGN(const KeptRequest* earlier, collection_.requests.claim(request_.key));
  holds_key_ = earlier == nullptr;
  if (earlier != nullptr) repeated_ = *earlier;
  return {};
}

asio::awaitable<Result<std::unique_ptr<IngestStream>>> IngestStream::open(Parts parts, Collection& collection,
                                                                          IngestRequest request) {
  using Out = Result<std::unique_ptr<IngestStream>>;
  std::unique_ptr<IngestStream> stream(new IngestStream(parts, collection, std::move(request)));
  if (Status claimed = stream->claim_key(); !claimed) co_return Out(std::unexpected(claimed.error()));
  // Without a fingerprint there is nothing to compare.
  if (stream->repeated_ && stream->repeated_->fingerprint.empty()) co_return std::move(stream);
  IngestWork work = ingest_work(collection, stream->request_.on_conflict);
  stream->schema_ = collection.schema;
  stream->stamp_us_ = work.time_us;
  work.fingerprint_only = stream->repeated_.has_value();
  work.inputs.push_back(input_of(stream->request_));
  work.inputs.back().parameters = parameters_of(stream->request_);
  const bool is_long = true;
  auto submitted = co_await submit_ingest(parts.context, collection, std::move(work), stream->files_, is_long);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  stream->task_ = std::move(*submitted);
  stream->queue_ms_ = static_cast<double>(monotonic_ns() - stream->request_.received_ns) / 1e6;
  co_return std::move(stream);
}

asio::awaitable<bool> IngestStream::feed(std::string_view bytes) {
  if (!task_) co_return true;  // they were kept before
  co_return co_await task_->feed(bytes);
}

asio::awaitable<Result<IngestAnswer>> IngestStream::finish() {
  using Out = Result<IngestAnswer>;
  if (!task_) co_return answer_again(*repeated_, {});
  task_->end_input();
  auto done = co_await task_->finish();
  if (!done) co_return Out(std::unexpected(done.error()));
  IngestResult result = ingest_result_from_json(*done);
  const IngestOutcome& outcome = result.outcomes.at(0);
  if (repeated_) co_return answer_again(*repeated_, outcome.fingerprint);
  Status merged = co_await parts_.merges.merge_left_out(collection_, stamp_us_);
  if (!merged) co_return Out(std::unexpected(merged.error()));
  auto kept = co_await commit(result);
  if (!kept) co_return Out(std::unexpected(kept.error()));
  IngestAnswer answer;
  answer.commit = kept->number;
  answer.sync_ms = kept->sync_ms;
  answer.ingested_us = stamp_us_;
  answer.records = outcome.records;
  answer.quarantined = outcome.quarantined;
  answer.errors = outcome.errors;
  answer.queue_ms = queue_ms_;
  answer.work_ms = done->at("work_ms").as_double();
  answer.memory_usage_mb = done->at("memory_usage_mb").as_double();
  co_return answer;
}

asio::awaitable<Result<CommitWriter::Commit>> IngestStream::commit(IngestResult& result) {
  using Out = Result<CommitWriter::Commit>;
  const auto held = co_await collection_.lock.hold();
  if (Status usable = collection_.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  if (schema_ != collection_.schema) {
    co_return Out(fail(Error{ErrorCode::Unavailable, "The schema was changed while the body came.", {}, {}, 1}));
  }
  std::optional<KeyedBatch> keyed;
  if (collection_.keys) {
    auto judged = co_await parts_.keys.judge(collection_, files_, request_.on_conflict, {}, request_.expected);
    if (!judged) co_return Out(std::unexpected(judged.error()));
    const RequestRows all{0, result.outcomes.at(0).records};
    const auto refused = key_refusal(*collection_.keys, judged->verdict, all, {});
    if (refused) co_return Out(std::unexpected(*refused));
    keyed = std::move(*judged);
  }
  KeyedBatch* batch = keyed ? &*keyed : nullptr;
  co_return co_await parts_.commits.publish(collection_, result, files_, batch);
}

}  // namespace canvasback
