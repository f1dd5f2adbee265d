#include "service/collection/collection_service.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/conflict_error.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"
#include "task/spool.hpp"

namespace canvasback {
namespace {

// So many commit numbers are reserved at once: a note for each commit would be two more syncs.
constexpr std::uint64_t kNumbersReserved = 1000;

Error overloaded(std::string message) { return Error{ErrorCode::TooManyRequests, std::move(message), {}, {}, 1}; }

// While merging is behind, commits are made less often and so larger: who sends one record after the other is slowed
// down by degrees, and many who do so at once are not fewer in a second.
std::chrono::milliseconds pause_before_commit(std::size_t commits) {
  constexpr std::size_t kMax = limits::kCommitsUnmergedMax;
  const int pause_ms = commits < kMax / 8 ? 0 : commits < kMax / 4 ? 5 : commits < kMax / 2 ? 10 : 25;
  return std::chrono::milliseconds(pause_ms);
}

// Whether two requests may be one commit: what is said of its records is said of all of them.
bool goes_with(const IngestTicket& one, const IngestTicket& other) {
  const auto alone = [](const IngestTicket& ticket) {
    return !ticket.expected.says_nothing() || !ticket.address.empty() || !ticket.times.empty();
  };
  return !alone(one) && !alone(other) && one.input.cast == other.input.cast && one.on_conflict == other.on_conflict;
}

// What the fingerprint of a request under an Idempotency-Key begins with.
std::string parameters_of(const IngestRequest& request) {
  const std::string cast = request.cast ? (*request.cast ? "true" : "false") : "";
  return fmt::format("{} {} {} {} {}", name_of(request.format), static_cast<int>(request.on_conflict),
                     request.quarantine, cast, request.repeated_as);
}

std::string fingerprint_of(const IngestRequest& request, std::string_view body) {
  Fingerprint fingerprint(parameters_of(request));
  fingerprint.add(request.repeated_body ? std::string_view(*request.repeated_body) : body);
  return fingerprint.finish();
}

// What is said of a request that was kept before, of which `fingerprint` is the repetition.
Result<IngestAnswer> answer_again(const KeptRequest& kept, const std::string& fingerprint) {
  if (!kept.fingerprint.empty() && kept.fingerprint != fingerprint) {
    return fail(ErrorCode::IdempotencyKeyReused,
                "The Idempotency-Key was used before, for other records or parameters: nothing of these was kept.");
  }
  IngestAnswer answer;
  answer.records = kept.records;
  answer.quarantined = kept.quarantined;
  answer.commit = kept.commit;
  answer.repeated = true;
  answer.id = kept.id;
  answer.record = kept.record;
  return answer;
}

Status check_idempotency_key(std::string_view key) {
  if (!is_utf8(key)) return fail(ErrorCode::InvalidData, "The Idempotency-Key has bytes that are no UTF-8 text.");
  if (key.size() > limits::kIdempotencyKeyBytesMax) {
    return fail(ErrorCode::InvalidData,
                fmt::format("An Idempotency-Key has at most {} bytes.", limits::kIdempotencyKeyBytesMax));
  }
  return {};
}

std::unexpected<Error> key_in_use() {
  return fail(Error{ErrorCode::IdempotencyKeyInUse,
                    "A request of this Idempotency-Key is under way: send it again once that has ended.",
                    {},
                    {},
                    1});
}

// What of a commit is on the disk once this has returned: all of it, or (after an error) all of it or nothing.
struct CommitPlan {
  std::string folder;
  std::vector<std::pair<int, std::pair<std::string, std::string>>> files;  // descriptor, from, to
  std::string rejects_folder;
  std::optional<std::pair<int, std::pair<std::string, std::string>>> rejects;
  std::optional<NumberNote> numbers;  // to be reserved before the first of them is used
  bool sync = true;
  bool name_taken = false;  // out: nothing was done, because somebody else's file has one of the names
  bool renaming = false;    // out: the error came when names were changed already
};

bool is_there(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

Status carry_out(CommitPlan& plan) {
  plan.name_taken = plan.rejects && is_there(plan.rejects->second.second);
  for (const auto& [fd, names] : plan.files) plan.name_taken = plan.name_taken || is_there(names.second);
  if (plan.name_taken) return {};
  if (plan.numbers) CANVASBACK_TRY(write_number_note(plan.folder, *plan.numbers));
  if (plan.rejects) {
    // Refused records first: an acknowledgement stands for them, too.
    CANVASBACK_TRY(file::make_folder(plan.rejects_folder));
    CANVASBACK_TRY(file::sync(plan.rejects->first, plan.rejects->second.first));
    CANVASBACK_TRY(file::rename(plan.rejects->second.first, plan.rejects->second.second));
    CANVASBACK_TRY(file::sync_folder(plan.rejects_folder));
  }
  if (plan.sync) {
    for (const auto& [fd, names] : plan.files) CANVASBACK_TRY(file::sync(fd, names.first));
  }
  plan.renaming = true;
  for (const auto& [fd, names] : plan.files) CANVASBACK_TRY(file::rename(names.first, names.second));
  return plan.sync && !plan.files.empty() ? file::sync_folder(plan.folder) : Status();
}

// What keep() is to do for a commit of this number.
std::shared_ptr<CommitPlan> plan_for(const Collection& collection, std::uint64_t commit, const PendingFiles& files,
                                     bool has_rejects) {
  auto plan = std::make_shared<CommitPlan>();
  plan->folder = collection.folder;
  const int count = static_cast<int>(files.parts.size());
  for (int i = 0; i < count; ++i) {
    const PendingFiles::File& pending = files.parts[static_cast<std::size_t>(i)];
    const std::string name = commit_file_name(commit, i + 1, count);
    plan->files.push_back({pending.fd.get(), {pending.path, collection.folder + "/" + name}});
  }
  if (has_rejects && !files.rejects.empty()) {
    plan->rejects_folder = collection.quarantine;
    plan->rejects = {files.rejects[0].fd.get(),
                     {files.rejects[0].path, fmt::format("{}/commit_{:012}.ndjson", collection.quarantine, commit)}};
  }
  return plan;
}

}  // namespace

IngestStream::IngestStream(CollectionService& service, Collection& collection, IngestRequest request)
    : service_(service),
      collection_(collection),
      request_(std::move(request)),
      files_(std::make_shared<PendingFiles>()) {
  ++service_.streams_;
}

IngestStream::~IngestStream() {
  --service_.streams_;
  if (holds_key_) service_.release_key(collection_, request_.key);
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
  if (repeated_) co_return answer_again(*repeated_, result.outcomes.at(0).fingerprint);
  IngestAnswer answer;
  if (Status settled = co_await service_.settle_left_out(collection_, stamp_us_); !settled) {
    co_return Out(std::unexpected(settled.error()));
  }
  const auto held = co_await collection_.lock->hold();
  if (Status usable = collection_.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  if (schema_ != collection_.schema) {
    co_return Out(fail(Error{ErrorCode::Unavailable, "The schema was changed while the body came.", {}, {}, 1}));
  }
  std::optional<CollectionService::KeyedBatch> keyed;
  if (collection_.keys) {
    auto judged = co_await service_.judge_keys(collection_, files_, request_.on_conflict, {}, request_.expected);
    if (!judged) co_return Out(std::unexpected(judged.error()));
    const RequestRows all{0, result.outcomes.at(0).records};
    const std::vector<RequestRows> none;
    auto refused = conflict_error(*collection_.keys, judged->verdict, all, none);
    if (refused) {
      co_return Out(std::unexpected(*refused));
    }
    keyed = std::move(*judged);
  }
  CollectionService::KeyedBatch* batch = keyed ? &*keyed : nullptr;
  auto commit = co_await service_.keep(collection_, result, files_, answer.sync_ms, batch);
  if (!commit) co_return Out(std::unexpected(commit.error()));
  answer.commit = *commit;
  answer.ingested_us = stamp_us_;
  answer.records = result.outcomes.at(0).records;
  answer.quarantined = result.outcomes.at(0).quarantined;
  answer.errors = result.outcomes.at(0).errors;
  answer.queue_ms = queue_ms_;
  answer.work_ms = done->at("work_ms").as_double();
  answer.memory_usage_mb = done->at("memory_usage_mb").as_double();
  co_return answer;
}

CollectionService::CollectionService(asio::any_io_executor executor, Pools pools, DatasetService& datasets,
                                     Options options)
    : executor_(std::move(executor)),
      ingest_(pools.ingest),
      maintain_(pools.maintain),
      tidy_(pools.tidy),
      datasets_(datasets),
      options_(std::move(options)),
      schemas_(options_.data_folder + "/schemas"),
      checks_(options_.data_folder + "/checks.json"),
      key_secret_(random_hex(16)) {}

CollectionService::~CollectionService() {
  *alive_ = false;
  disk_.join();
  house_.join();
}

const Collection* CollectionService::find(std::string_view name) const {
  auto found = collections_.find(name);
  return found == collections_.end() ? nullptr : found->second.get();
}

Result<Collection*> CollectionService::collection_for(std::string_view name) {
  if (stopping_) return fail(Error{ErrorCode::Unavailable, "The server is stopping.", {}, {}, 5});
  if (auto found = collections_.find(name); found != collections_.end()) return found->second.get();
  if (!is_dataset_name(name)) {
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" cannot be the name of a collection.", name.substr(0, 64)));
  }
  if (datasets_.entries().contains(name)) {
    return fail(ErrorCode::InvalidData, fmt::format("There is a dataset \"{}\" already.", name));
  }
  auto collection = std::make_unique<Collection>();
  collection->name = name;
  collection->lock = std::make_unique<CollectionLock>(executor_);
  const bool is_default = name == kDefaultCollection;
  const std::string base =
      is_default ? options_.data_folder : fmt::format("{}/collections/{}", options_.data_folder, name);
  collection->folder = base + "/parquet";
  collection->archive = base + "/archive";
  collection->quarantine = base + "/quarantine";
  CANVASBACK_TRY(file::make_folder(collection->folder));
  return collections_.emplace(std::string(name), std::move(collection)).first->second.get();
}

Result<Collection*> CollectionService::collection_for(const IngestRequest& request) {
  const bool known = collections_.contains(request.collection);
  if (request.known_only && !known) {
    return fail(ErrorCode::SchemaNotFound,
                fmt::format("There is no schema \"{}\".", request.collection.substr(0, 128)));
  }
  if (request.on_conflict != OnConflict::Refuse) {
    const RecordSchema* schema = schemas_.find(request.collection);
    if (schema == nullptr || schema->primary_key.empty()) {
      return fail(ErrorCode::SchemaValidation,
                  fmt::format("Collection \"{}\" has no schema with a key.", request.collection.substr(0, 128)));
    }
  }
  return collection_for(request.collection);
}

Status CollectionService::check_room(const Collection& collection) const {
  CANVASBACK_TRY(collection.usable());
  if (collection.commit_count() >= limits::kCommitsUnmergedMax) {
    return fail(overloaded("Too many commits wait to be merged."));
  }
  return {};
}

void CollectionService::release_key(Collection& collection, const std::string& key) {
  collection.requests_under_way.erase(key);
}

// The request of this key that was acknowledged before; nullptr: the key is this request's until release_key().
Result<const KeptRequest*> CollectionService::claim_key(Collection& collection, const std::string& key) {
  CANVASBACK_TRY(check_idempotency_key(key));
  if (auto known = collection.requests.find(key); known != collection.requests.end()) return &known->second;
  if (!collection.requests_under_way.insert(key).second) return key_in_use();
  return nullptr;
}

std::optional<Result<IngestAnswer>> CollectionService::earlier_answer(const IngestRequest& request) const {
  const Collection* collection = find(request.collection);
  if (request.key.empty() || collection == nullptr) return std::nullopt;
  if (collection->requests_under_way.contains(request.key)) return Result<IngestAnswer>(key_in_use());
  const auto known = collection->requests.find(request.key);
  if (known == collection->requests.end()) return std::nullopt;
  return answer_again(known->second, fingerprint_of(request, {}));
}

RolePool::OpenFile CollectionService::opener(Collection& collection, std::shared_ptr<PendingFiles> files) {
  // Bodies that are read at random lie in files of their own, which go with the task.
  auto spools = std::make_shared<PendingFiles>();
  return [this, folder = collection.folder, files, spools](const Json& request) -> Result<UniqueFd> {
    const std::string_view wanted = request.at("name").as_string();
    PendingFiles::File pending;
    pending.request = request;
    if (wanted == kNeedKeys) {
      // Never kept, and needed to read a collection at all: not on a disk that may be full.
      pending.fd = UniqueFd(::memfd_create("keys", MFD_CLOEXEC));
      if (!pending.fd) return std::unexpected(file::error_from(errno, "made", "keys"));
    } else {
      pending.path = fmt::format("{}/.writing-{}.tmp", folder, next_temporary_++);
      CANVASBACK_ASSIGN(pending.fd, file::create(pending.path));
    }
    UniqueFd theirs(::dup(pending.fd.get()));
    if (!theirs) return std::unexpected(file::error_from(errno, "opened", pending.path));
    auto& place = wanted == kNeedKeys      ? files->keys
                  : wanted == kNeedRejects ? files->rejects
                  : wanted == kNeedSpool   ? spools->parts
                                           : files->parts;
    place.push_back(std::move(pending));
    return theirs;
  };
}

asio::awaitable<Result<IngestAnswer>> CollectionService::ingest(IngestRequest request, std::string body) {
  using Out = Result<IngestAnswer>;
  auto known = collection_for(request);
  if (!known) co_return Out(std::unexpected(known.error()));
  co_return co_await ingest_into(**known, std::move(request), std::move(body));
}

asio::awaitable<Result<IngestAnswer>> CollectionService::ingest_into(Collection& collection, IngestRequest request,
                                                                     std::string body) {
  using Out = Result<IngestAnswer>;
  if (Status room = check_room(collection); !room) co_return Out(std::unexpected(room.error()));
  if (collection.waiting_bytes + body.size() > limits::kIngestWaitingBytesMax ||
      collection.waiting.size() >= limits::kGroupRequestsMax * 4) {
    co_return Out(fail(overloaded("Too much waits to be written already.")));
  }
  if (!request.key.empty()) {
    auto earlier = claim_key(collection, request.key);
    if (!earlier) co_return Out(std::unexpected(earlier.error()));
    if (*earlier != nullptr) co_return answer_again(**earlier, fingerprint_of(request, body));
  }
  IngestInput input;
  input.bytes = static_cast<std::int64_t>(body.size());
  input.format = request.format;
  input.encoding = request.encoding;
  input.key = request.key;
  input.quarantine = request.quarantine;
  input.cast = request.cast;
  if (!request.key.empty()) input.fingerprint = fingerprint_of(request, body);
  auto ticket = std::make_shared<IngestTicket>(
      IngestTicket{std::move(input), request.on_conflict, std::move(request.expected), std::move(request.address),
                   std::move(request.times), std::move(body), request.received_ns, Event(executor_), std::nullopt});
  collection.waiting_bytes += ticket->body.size();
  collection.waiting.push_back(ticket);
  if (!collection.committing) {
    collection.committing = true;
    asio::co_spawn(executor_, commit_waiting(collection), asio::detached);
  }
  while (!ticket->answer) co_await ticket->done.wait();
  if (!request.key.empty()) release_key(collection, request.key);
  co_return std::move(*ticket->answer);
}

// Commits what waits until nothing does. While one commit is on its way to the disk, the next one gathers.
asio::awaitable<void> CollectionService::commit_waiting(Collection& collection) {
  while (!collection.waiting.empty()) {
    if (const auto pause = pause_before_commit(collection.commit_count()); pause.count() > 0) {
      asio::steady_timer timer(executor_, pause);
      co_await timer.async_wait(kAwait);
    }
    std::vector<std::shared_ptr<IngestTicket>> group;
    std::size_t bytes = 0;
    while (!collection.waiting.empty() && group.size() < limits::kGroupRequestsMax) {
      const std::size_t next = collection.waiting.front()->body.size();
      if (!group.empty() && bytes + next > limits::kGroupBytesMax) break;
      if (!group.empty() && !goes_with(*group[0], *collection.waiting.front())) break;
      bytes += next;
      collection.waiting_bytes -= next;
      group.push_back(std::move(collection.waiting.front()));
      collection.waiting.pop_front();
    }
    co_await commit_group(collection, std::move(group));
  }
  collection.committing = false;
}

// Makes the written files part of the collection: synced, renamed, the folder synced, published. Gives the commit's
// number, 0 where there was nothing to keep.
asio::awaitable<Result<std::uint64_t>> CollectionService::keep(Collection& collection, IngestResult& result,
                                                               std::shared_ptr<PendingFiles> files, double& sync_ms,
                                                               KeyedBatch* keyed) {
  using Out = Result<std::uint64_t>;
  if (result.files.empty() && !result.has_rejects) co_return Out(std::uint64_t{0});
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  if (result.files.size() != files->parts.size()) {
    co_return Out(fail(ErrorCode::DataProcessing, "The worker wrote other files than it was given."));
  }
  const int count = static_cast<int>(files->parts.size());
  std::uint64_t commit = 0;
  std::shared_ptr<CommitPlan> plan;
  Status status;
  Stopwatch watch;
  do {
    commit = ++collection.last_commit;
    plan = plan_for(collection, commit, *files, result.has_rejects);
    plan->sync = options_.sync_each_commit;
    if (commit > collection.numbers_noted) plan->numbers = number_note(collection, commit + kNumbersReserved);
    auto carrying_out = [plan] { return carry_out(*plan); };
    status = co_await on_thread(disk_, carrying_out);
  } while (plan->name_taken);
  if (status && plan->numbers) collection.numbers_noted = plan->numbers->used_up_to;
  sync_ms = watch.elapsed_ms();
  if (!status) {
    // A sync that failed is never tried again on that file. Only a full disk, met before any name was changed, is no
    // reason to stop: the next batch is another file.
    if (plan->renaming || status.error().code != ErrorCode::StorageLimit) {
      collection.stopped = Error{ErrorCode::Unavailable,
                                 fmt::format("Collection \"{}\" takes no records: the disk failed.", collection.name),
                                 status.error().detail,
                                 {},
                                 30};
      log::error("collection {}: {} {}; it takes no more records until the server is started again", collection.name,
                 status.error().message, status.error().detail);
    }
    co_return Out(std::unexpected(status.error()));
  }
  const Kinds before = kinds_of(collection.files);
  std::vector<CollectionFile> added;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    auto stated = stat_data_file(plan->files[at].second.second);
    if (!stated) {
      collection.stopped = stated.error();
      co_return Out(std::unexpected(stated.error()));
    }
    CollectionFile file;
    file.name = *parse_part_name(file_name(plan->files[at].second.second));
    file.file = std::move(*stated);
    file.file.rows = result.files[at].rows;
    file.file.row_group_rows = std::move(result.files[at].row_group_rows);
    file.info = std::move(result.files[at].info);
    if (!options_.sync_each_commit && !collection.is_scratch) {
      unsynced_.emplace_back(&collection, file.file.path);
    }
    added.push_back(std::move(file));
  }
  if (keyed != nullptr) co_await join_keys(collection, added, *keyed);
  // From here on nothing waits: who sees the records sees them with what they replace gone.
  for (CollectionFile& file : added) {
    take_over(collection, file, before);
    collection.files.live.push_back(std::move(file));
  }
  if (count > 0) publish(collection);
  if (!collection.tidying && collection.commit_count() >= limits::kCommitsMergeAt) start_merges(collection);
  co_return Out(commit);
}

void CollectionService::publish(Collection& collection) {
  if (collection.is_scratch) return;
  ++collection.version;
  std::erase_if(collection.published, [](const auto& entry) { return entry.second.expired(); });
  collection.files.declared = collection.schema ? declared_kinds(*collection.schema) : Kinds();
  for (CollectionFile& file : collection.files.live) {
    if (file.signature.empty()) file.signature = signature_of(file.info.kinds);
    file.file.dead.clear();
    if (collection.keys) file.file.dead = collection.keys->dead_of(file.file.path);
  }
  auto dataset = std::make_shared<const Dataset>(
      dataset_of(collection.name, collection.files, fmt::format("{}-{}", collection.name, collection.version)));
  collection.published.emplace_back(collection.version, dataset);
  if (!collection.blocked) return datasets_.put(std::move(dataset));
  std::vector<std::string> left_out;
  for (const CollectionFile& file : collection.files.blocking) left_out.push_back(file_name(file.file.path));
  if (left_out.empty()) left_out.push_back(collection.folder);
  datasets_.put_unreadable(std::move(dataset), std::move(left_out), *collection.blocked);
}

asio::awaitable<Result<std::unique_ptr<IngestStream>>> CollectionService::begin(IngestRequest request) {
  using Out = Result<std::unique_ptr<IngestStream>>;
  auto known = collection_for(request);
  if (!known) co_return Out(std::unexpected(known.error()));
  co_return co_await begin_in(**known, std::move(request));
}

asio::awaitable<Result<std::unique_ptr<IngestStream>>> CollectionService::begin_in(Collection& collection,
                                                                                   IngestRequest request) {
  using Out = Result<std::unique_ptr<IngestStream>>;
  if (Status room = check_room(collection); !room) co_return Out(std::unexpected(room.error()));
  if (streams_ >= limits::kIngestStreamsMax) co_return Out(fail(overloaded("Too many bodies are on their way.")));
  auto stream = std::make_unique<IngestStream>(*this, collection, request);
  if (!request.key.empty()) {
    auto earlier = claim_key(collection, request.key);
    if (!earlier) co_return Out(std::unexpected(earlier.error()));
    stream->holds_key_ = *earlier == nullptr;
    if (*earlier != nullptr) stream->repeated_ = **earlier;
    // Without a fingerprint there is nothing to compare.
    if (stream->repeated_ && stream->repeated_->fingerprint.empty()) co_return std::move(stream);
  }
  Task task;
  IngestWork work = work_for(collection, request.on_conflict);
  stream->schema_ = collection.schema;
  stream->stamp_us_ = work.time_us;
  work.fingerprint_only = stream->repeated_.has_value();
  IngestInput input;
  input.format = request.format;
  input.encoding = request.encoding;
  input.key = request.key;
  input.quarantine = request.quarantine;
  input.cast = request.cast;
  input.parameters = parameters_of(request);
  work.inputs.push_back(std::move(input));
  task.work = std::move(work);
  CancelToken never;
  RolePool::OpenFile open_file = opener(collection, stream->files_);
  auto submitted = co_await ingest_.submit(std::move(task), std::move(open_file), never, true);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  stream->task_ = std::move(*submitted);
  stream->queue_ms_ = static_cast<double>(monotonic_ns() - request.received_ns) / 1e6;
  co_return std::move(stream);
}

asio::awaitable<void> CollectionService::shut_down() {
  stopping_ = true;
  asio::steady_timer timer(executor_);
  const auto end = std::chrono::steady_clock::now() + limits::kDrainDeadline;
  const auto busy = [&] {
    return streams_ > 0 || std::ranges::any_of(collections_, [](const auto& entry) {
             return entry.second->committing || entry.second->merging || entry.second->tidying;
           });
  };
  while (busy() && std::chrono::steady_clock::now() < end) {
    timer.expires_after(std::chrono::milliseconds(10));
    co_await timer.async_wait(kAwait);
  }
  // With durability = interval: the last of what was acknowledged.
  auto sync_rest = [rest = std::exchange(unsynced_, {})]() -> Status {
    for (const auto& [collection, path] : rest) {
      const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (fd) CANVASBACK_TRY(file::sync(fd.get(), path));
    }
    return {};
  };
  if (co_await on_thread(disk_, sync_rest)) {
    for (const auto& [name, collection] : collections_) collection->synced_commit = collection->last_commit;
  }
  // What was reserved and not used is free again.
  for (const auto& [name, collection] : collections_) {
    if (collection->committing || streams_ > 0 || collection->numbers_noted <= collection->last_commit) continue;
    const auto held = co_await collection->lock->hold();
    co_await note_numbers(*collection, collection->last_commit);
  }
  co_await remember_checks();
  ingest_.shut_down();
  maintain_.shut_down();
  tidy_.shut_down();
}

}  // namespace canvasback
