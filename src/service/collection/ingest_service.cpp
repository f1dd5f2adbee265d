#include "service/collection/ingest_service.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/limits.hpp"
#include "service/collection/ingest_task.hpp"

namespace canvasback {
namespace {

Error overloaded(std::string message) { return Error{ErrorCode::TooManyRequests, std::move(message), {}, {}, 1}; }

Status check_room(const Collection& collection) {
  CANVASBACK_TRY(collection.health.usable());
  if (collection.commit_count() >= limits::kCommitsUnmergedMax) {
    if (const auto& why = collection.merges.error()) {
      const std::string message =
          fmt::format("The commits of \"{}\" cannot be merged: {}", collection.name, why->message);
      return fail(Error{ErrorCode::Unavailable, message, why->detail, {}, 5});
    }
    return fail(overloaded("Too many commits wait to be merged."));
  }
  return {};
}

std::unexpected<Error> no_schema(std::string_view name) {
  return fail(ErrorCode::SchemaNotFound, fmt::format("There is no schema \"{}\".", name.substr(0, 128)));
}

std::unexpected<Error> no_key(std::string_view name) {
  return fail(ErrorCode::SchemaValidation, fmt::format("Collection \"{}\" has no schema with a key.", name));
}

// The live record of that key. Errors: as of remove_record().
Result<KeyHash> find_record(const Collection& collection, const std::vector<std::string>& key,
                            const ExpectedVersion& expected) {
  if (!collection.keys || !collection.keys->has_primary()) return no_key(collection.name);
  CANVASBACK_ASSIGN(const KeyHash hash, collection.keys->hash_of(key));
  const auto version = collection.keys->stamp_of(hash);
  if (!version) return fail(ErrorCode::RecordNotFound, "No record has this key.");
  if (!expected.allows(*version))
    return fail(ErrorCode::PreconditionFailed, "The version of the record does not match.");
  return hash;
}

}  // namespace

IngestService::IngestService(CollectionContext& context, Parts parts)
    : context_(context), parts_(parts), groups_(context, parts.keys, parts.commits) {}

Result<Collection*> IngestService::collection_for(const IngestRequest& request) {
  if (request.known_only && parts_.registry.find(request.collection) == nullptr) return no_schema(request.collection);
  if (request.on_conflict != OnConflict::Refuse) {
    const RecordSchema* schema = parts_.schemas.find(request.collection);
    if (schema == nullptr || schema->primary_key.empty()) return no_key(request.collection.substr(0, 128));
  }
  return parts_.registry.get_or_make(request.collection);
}

asio::awaitable<Result<IngestAnswer>> IngestService::ingest(IngestRequest request, std::string body) {
  auto collection = collection_for(request);
  if (!collection) co_return Result<IngestAnswer>(std::unexpected(collection.error()));
  co_return co_await ingest_into(**collection, std::move(request), std::move(body));
}

asio::awaitable<Result<IngestAnswer>> IngestService::ingest_into(Collection& collection, IngestRequest request,
                                                                 std::string body) {
  using Out = Result<IngestAnswer>;
  if (Status room = check_room(collection); !room) co_return Out(std::unexpected(room.error()));
  if (!collection.queue.has_room_for(body.size())) {
    co_return Out(fail(overloaded("Too many bytes are already waiting to be written.")));
  }
  IngestInput input = input_of(request);
  input.bytes = static_cast<std::int64_t>(body.size());
  if (!request.key.empty()) {
    auto earlier = collection.requests.claim(request.key);
    if (!earlier) co_return Out(std::unexpected(earlier.error()));
    input.fingerprint = fingerprint_of(request, body);
    if (*earlier != nullptr) co_return answer_again(**earlier, input.fingerprint);
  }
  auto ticket = std::make_shared<IngestTicket>(IngestTicket{std::move(input),
                                                            request.on_conflict,
                                                            std::move(request.expected),
                                                            std::move(request.address),
                                                            std::move(request.times),
                                                            std::move(body),
                                                            request.received_ns,
                                                            Event(context_.executor),
                                                            {}});
  auto answer = co_await groups_.keep(collection, std::move(ticket));
  if (!request.key.empty()) collection.requests.release(request.key);
  co_return answer;
}

asio::awaitable<Result<std::unique_ptr<IngestStream>>> IngestService::begin(IngestRequest request) {
  using Out = Result<std::unique_ptr<IngestStream>>;
  auto collection = collection_for(request);
  if (!collection) co_return Out(std::unexpected(collection.error()));
  co_return co_await begin_in(**collection, std::move(request));
}

asio::awaitable<Result<std::unique_ptr<IngestStream>>> IngestService::begin_in(Collection& collection,
                                                                               IngestRequest request) {
  using Out = Result<std::unique_ptr<IngestStream>>;
  if (Status room = check_room(collection); !room) co_return Out(std::unexpected(room.error()));
  if (context_.bodies.count() >= limits::kIngestStreamsMax) {
    co_return Out(fail(overloaded("Too many uploads are in progress.")));
  }
  const IngestStream::Parts parts{context_, parts_.keys, parts_.merges, parts_.commits};
  co_return co_await IngestStream::open(parts, collection, std::move(request));
}

std::optional<Result<IngestAnswer>> IngestService::earlier_answer(const IngestRequest& request) const {
  const Collection* collection = parts_.registry.find(request.collection);
  if (request.key.empty() || collection == nullptr) return std::nullopt;
  const auto known = collection->requests.find(request.key);
  if (!known) return Result<IngestAnswer>(std::unexpected(known.error()));
  if (*known == nullptr) return std::nullopt;
  return answer_again(**known, fingerprint_of(request, {}));
}

asio::awaitable<Result<std::uint64_t>> IngestService::remove_record(std::string name, std::vector<std::string> key,
                                                                    ExpectedVersion expected) {
  using Out = Result<std::uint64_t>;
  Collection* found = parts_.registry.find(name);
  if (found == nullptr) co_return Out(no_schema(name));
  Collection& collection = *found;
  if (Status room = check_room(collection); !room) co_return Out(std::unexpected(room.error()));
  const auto held = co_await collection.lock.hold();
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  auto hash = find_record(collection, key, expected);
  if (!hash) co_return Out(std::unexpected(hash.error()));
  co_return co_await commit_removal(collection, std::move(key), *hash);
}

// A commit without records that says which one is gone. Under the lock.
asio::awaitable<Result<std::uint64_t>> IngestService::commit_removal(Collection& collection,
                                                                     std::vector<std::string> key, KeyHash hash) {
  using Out = Result<std::uint64_t>;
  IngestWork work = ingest_work(collection, OnConflict::Refuse);
  const std::int64_t time_us = work.time_us;
  work.deletes.push_back({collection.keys->schema().primary_key, std::move(key), time_us});
  auto files = std::make_shared<PendingFiles>();
  const bool is_long = false;
  auto submitted = co_await submit_ingest(context_, collection, std::move(work), files, is_long);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  (*submitted)->end_input();
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Out(std::unexpected(done.error()));
  IngestResult result = ingest_result_from_json(*done);
  KeyedBatch batch;
  batch.removed = std::pair(hash, time_us);
  auto kept = co_await parts_.commits.publish(collection, result, files, &batch);
  if (!kept) co_return Out(std::unexpected(kept.error()));
  co_return kept->number;
}

}  // namespace canvasback
