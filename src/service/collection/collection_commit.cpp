// The part of CollectionService that makes commits out of what waits, and joins their keys.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "service/collection/collection_service.hpp"
#include "service/collection/conflict_error.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/dataset.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

// Memory for a batch's own keys that is always there.
constexpr std::size_t kJudgedFreeBytes = 16 * limits::kMiB;

// All of a file that a worker wrote.
Result<std::string> read_entries(const PendingFiles& files) {
  std::string out;
  if (files.keys.empty()) return out;
  const int fd = files.keys[0].fd.get();
  char buffer[256 * limits::kKiB];
  while (true) {
    const ssize_t got = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(out.size()));
    if (got < 0) return std::unexpected(file::error_from(errno, "read", files.keys[0].path));
    if (got == 0) return out;
    out.append(buffer, static_cast<std::size_t>(got));
  }
}

std::int64_t rows_of_entries(const PendingFiles& files, std::size_t keys) {
  struct stat info {};
  if (files.keys.empty() || ::fstat(files.keys[0].fd.get(), &info) != 0) return 0;
  return info.st_size / static_cast<std::int64_t>(KeyEntries::width(keys));
}

std::vector<CollectionKeys::File> key_files(const std::vector<CollectionFile>& files) {
  std::vector<CollectionKeys::File> out;
  for (const CollectionFile& file : files) out.push_back({file.file.path, file.file.rows, file.info.keeps_older});
  return out;
}

// One request's share of a commit that was kept.
IngestAnswer answer_of(IngestOutcome& outcome, const Json& done, std::uint64_t commit) {
  IngestAnswer answer;
  answer.records = outcome.records;
  answer.quarantined = outcome.quarantined;
  answer.errors = std::move(outcome.errors);
  answer.id = std::move(outcome.id);
  answer.record = std::move(outcome.record);
  answer.commit = commit;
  answer.work_ms = done.at("work_ms").as_double();
  answer.memory_usage_mb = done.at("memory_usage_mb").as_double();
  return answer;
}

// One record cannot become another by being written.
Status check_address(const CollectionKeys& keys, std::string_view entries, const std::vector<std::string>& address) {
  const KeyEntries rows(entries, keys.schema().keys().size());
  if (address.empty() || rows.rows() == 0) return {};
  CANVASBACK_ASSIGN(const KeyHash wanted, keys.hash_of(address));
  if (rows.rows() == 1 && rows.hash(0, 0) == wanted) return {};
  return fail(ErrorCode::InvalidData, fmt::format("The record's {} is another than in the address.",
                                                  fmt::join(keys.schema().primary_key, ", ")));
}

// Fields that the schema does not name, as of the types that their values had before.
void take_times(RecordSchema& schema, const std::vector<std::pair<std::string, FieldType>>& times) {
  for (const auto& [name, type] : times) {
    if (schema.find(name) != nullptr) continue;
    SchemaField field;
    field.name = name;
    field.type = type;
    schema.fields.push_back(std::move(field));
  }
}

}  // namespace

std::optional<Error> conflict_error(const CollectionKeys& keys, const KeyVerdict& verdict, RequestRows rows,
                                    const std::vector<RequestRows>& refused) {
  Json errors = Json::Array{};
  std::int64_t count = 0;
  bool missing = false;
  bool changed = false;
  const auto names = keys.schema().keys();
  for (const KeyConflict& conflict : verdict.conflicts) {
    const auto has_it = [&](const RequestRows& request) { return request.contains(conflict.with); };
    if (!rows.contains(conflict.row) || std::ranges::any_of(refused, has_it)) continue;
    missing = missing || conflict.missing;
    changed = changed || conflict.changed;
    if (++count > static_cast<std::int64_t>(limits::kRecordErrorsMax)) continue;
    Json entry;
    entry.set("record", conflict.row - rows.first);
    entry.set("field", fmt::format("{}", fmt::join(names[conflict.key], ", ")));
    entry.set("rule", keys.has_primary() && conflict.key == 0 ? "primary_key" : "unique");
    entry.set("message",
              conflict.missing ? "There is no record of this key." : "There is a record of this key already.");
    errors.push(std::move(entry));
  }
  if (count == 0) return std::nullopt;
  if (changed) return Error{ErrorCode::PreconditionFailed, "The record is of another version.", {}, {}, 0};
  const Json& shown = errors.as_array()[0];
  std::string message = fmt::format("Nothing was kept: record {}: \"{}\": {}", shown.at("record").as_int(),
                                    shown.at("field").as_string(), shown.at("message").as_string());
  if (count > 1) message += fmt::format(" (and {} more)", count - 1);
  return Error{
      missing ? ErrorCode::RecordNotFound : ErrorCode::DuplicateRecord, std::move(message), errors.dump(), {}, 0};
}

IngestWork CollectionService::work_for(Collection& collection, OnConflict on_conflict) {
  IngestWork work;
  work.time_us = next_stamp(collection);
  if (collection.schema) work.schema = *collection.schema;
  if (collection.keys) work.key_secret = collection.keys->secret();
  work.keeps_older = on_conflict == OnConflict::Ignore;
  return work;
}

asio::awaitable<Result<CollectionService::KeyedBatch>> CollectionService::judge_keys(
    Collection& collection, std::shared_ptr<PendingFiles> files, OnConflict on_conflict,
    std::vector<std::int64_t> requests, ExpectedVersion expected) {
  using Out = Result<KeyedBatch>;
  const std::int64_t rows = rows_of_entries(*files, collection.schema->keys().size());
  const std::size_t judging = collection.keys->bytes_to_judge(rows);
  if (judging > kJudgedFreeBytes) {
    Status room = check_key_memory(collection, collection.keys->bytes() + judging);
    if (!room) co_return Out(std::unexpected(room.error()));
  }
  auto judge = [&]() -> Result<KeyedBatch> {
    KeyedBatch out;
    CANVASBACK_ASSIGN(out.entries, read_entries(*files));
    out.verdict = collection.keys->judge(out.entries, on_conflict, requests, expected);
    return out;
  };
  auto judged = co_await on_thread(disk_, judge);
  if (!judged) co_return judged;
  const std::size_t known = judged->verdict.killed.size() + judged->verdict.stillborn.size();
  const std::size_t after = collection.keys->bytes_with(rows - static_cast<std::int64_t>(known));
  // What takes no more memory than there is now is taken, however much that is.
  if (judged->verdict.conflicts.empty() && after > collection.keys->bytes()) {
    if (Status room = check_key_memory(collection, after); !room) co_return Out(std::unexpected(room.error()));
  }
  co_return judged;
}

// Whether this collection's keys may take so many bytes beside those of the others.
Status CollectionService::check_key_memory(const Collection& collection, std::size_t bytes) const {
  std::uint64_t sum = bytes;
  for (const auto& [name, other] : collections_) {
    if (other.get() != &collection && other->keys) sum += other->keys->bytes();
  }
  if (sum <= options_.key_bytes_max) return {};
  return fail(ErrorCode::MemoryLimit,
              fmt::format("The keys of all records would take {} bytes of memory, and key_memory is {}.", sum,
                          options_.key_bytes_max));
}

asio::awaitable<void> CollectionService::join_keys(Collection& collection, const std::vector<CollectionFile>& added,
                                                   KeyedBatch& batch) {
  auto join = [&] {
    collection.keys->add(batch.entries, key_files(added), batch.verdict);
    if (batch.removed) collection.keys->remove(batch.removed->first, batch.removed->second);
    return true;
  };
  co_await on_thread(disk_, join);
}

// One commit of all the requests that nothing stands against. Those whose keys are taken are left out, and the others
// written once more without them: that costs time only where there are duplicates.
asio::awaitable<void> CollectionService::commit_group(Collection& collection,
                                                      std::vector<std::shared_ptr<IngestTicket>> group) {
  const auto answer_all = [&](const Error& error) {
    for (const auto& ticket : group) {
      if (!ticket->answer) ticket->answer = Result<IngestAnswer>(std::unexpected(error));
      ticket->done.notify();
    }
  };
  const auto held = co_await collection.lock->hold();
  while (!group.empty()) {
    if (Status usable = collection.usable(); !usable) co_return answer_all(usable.error());
    Task task;
    IngestWork work = work_for(collection, group[0]->on_conflict);
    if (work.schema) take_times(*work.schema, group[0]->times);
    for (const auto& ticket : group) work.inputs.push_back(ticket->input);
    task.work = std::move(work);
    auto files = std::make_shared<PendingFiles>();
    CancelToken never;
    RolePool::OpenFile open_file = opener(collection, files);
    auto submitted = co_await ingest_.submit(std::move(task), std::move(open_file), never);
    if (!submitted) co_return answer_all(submitted.error());
    RoleTask& running = **submitted;
    const std::int64_t begun_ns = monotonic_ns();
    std::string together;  // small bodies by the hundred are handed on at once
    bool fed = true;
    for (const auto& ticket : group) {
      together += ticket->body;
      if (!collection.keys) ticket->body = {};
      if (together.size() < limits::kInputFrameBytes && ticket != group.back()) continue;
      fed = fed && co_await running.feed(together);
      together.clear();
    }
    running.end_input();
    auto done = co_await running.finish();
    if (!done) co_return answer_all(done.error());
    IngestResult result = ingest_result_from_json(*done);
    if (result.outcomes.size() != group.size()) {
      co_return answer_all(Error{ErrorCode::DataProcessing, "The worker's answer is not whole.", {}, {}, 0});
    }
    std::optional<KeyedBatch> keyed;
    if (collection.keys) {
      std::vector<std::int64_t> rows;
      for (const IngestOutcome& outcome : result.outcomes) rows.push_back(outcome.records);
      auto judged = co_await judge_keys(collection, files, group[0]->on_conflict, std::move(rows), group[0]->expected);
      if (!judged) co_return answer_all(judged.error());
      // Alone, where it has an address.
      if (Status same = check_address(*collection.keys, judged->entries, group[0]->address); !same) {
        co_return answer_all(same.error());
      }
      keyed = std::move(*judged);
    }
    if (keyed && !keyed->verdict.conflicts.empty()) {
      std::vector<std::shared_ptr<IngestTicket>> good;
      std::vector<RequestRows> refused_rows;
      std::int64_t first = 0;
      for (std::size_t i = 0; i < group.size(); ++i) {
        const RequestRows rows{first, result.outcomes[i].records};
        auto refused = conflict_error(*collection.keys, keyed->verdict, rows, refused_rows);
        if (refused) refused_rows.push_back(rows);
        first += rows.count;
        if (!refused && result.outcomes[i].error) refused = result.outcomes[i].error;
        if (!refused) {
          good.push_back(group[i]);
          continue;
        }
        group[i]->answer = Result<IngestAnswer>(std::unexpected(std::move(*refused)));
        group[i]->done.notify();
      }
      group = std::move(good);
      continue;
    }
    double sync_ms = 0;
    KeyedBatch* batch = keyed ? &*keyed : nullptr;
    auto commit = co_await keep(collection, result, files, sync_ms, batch);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (result.outcomes[i].error) {
        group[i]->answer = Result<IngestAnswer>(std::unexpected(*result.outcomes[i].error));
      } else if (commit) {
        IngestAnswer answer = answer_of(result.outcomes[i], *done, *commit);
        answer.queue_ms = static_cast<double>(begun_ns - group[i]->received_ns) / 1e6;
        answer.sync_ms = sync_ms;
        answer.ingested_us = work.time_us;
        group[i]->answer = Result<IngestAnswer>(std::move(answer));
      }
    }
    co_return answer_all(commit ? Error{} : commit.error());
  }
}

asio::awaitable<Result<std::uint64_t>> CollectionService::remove_record(std::string name, std::vector<std::string> key,
                                                                        ExpectedVersion expected) {
  using Out = Result<std::uint64_t>;
  auto found = collections_.find(name);
  if (found == collections_.end()) {
    co_return Out(fail(ErrorCode::SchemaNotFound, fmt::format("There is no schema \"{}\".", name.substr(0, 128))));
  }
  Collection& collection = *found->second;
  if (Status room = check_room(collection); !room) co_return Out(std::unexpected(room.error()));
  const auto held = co_await collection.lock->hold();
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  if (!collection.keys || !collection.keys->has_primary()) {
    co_return Out(fail(ErrorCode::SchemaValidation, fmt::format("Collection \"{}\" has no schema with a key.", name)));
  }
  auto hash = collection.keys->hash_of(key);
  if (!hash) co_return Out(std::unexpected(hash.error()));
  const auto version = collection.keys->stamp_of(*hash);
  if (!version) co_return Out(fail(ErrorCode::RecordNotFound, "There is no record of this key."));
  if (!expected.allows(*version)) {
    co_return Out(fail(ErrorCode::PreconditionFailed, "The record is of another version."));
  }
  Task task;
  IngestWork work = work_for(collection, OnConflict::Refuse);
  KeptDelete removed;
  removed.fields = collection.keys->schema().primary_key;
  removed.values = std::move(key);
  removed.time_us = work.time_us;
  work.deletes.push_back(std::move(removed));
  task.work = std::move(work);
  auto files = std::make_shared<PendingFiles>();
  CancelToken never;
  RolePool::OpenFile open_file = opener(collection, files);
  auto submitted = co_await ingest_.submit(std::move(task), std::move(open_file), never);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  (*submitted)->end_input();
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Out(std::unexpected(done.error()));
  IngestResult result = ingest_result_from_json(*done);
  KeyedBatch batch;
  batch.removed = std::pair(*hash, work.time_us);
  double sync_ms = 0;
  co_return co_await keep(collection, result, files, sync_ms, &batch);
}

// Rows that were left out, because their key was there (OnConflict::Ignore), since a body began that ends only now.
// Files alone would tell them from rows that came first only as long as those are there that were in their way, and the
// body may replace these: so the left-out rows go first.
asio::awaitable<Status> CollectionService::settle_left_out(Collection& collection, std::int64_t since_us) {
  asio::steady_timer timer(executor_);
  while (collection.keys) {
    std::set<std::uint64_t> commits;
    for (const CollectionFile& file : collection.files.live) {
      const bool left_out = file.name.is_commit && file.info.keeps_older && file.file.dead_rows() > 0;
      if (left_out && file.info.time_us > since_us) commits.insert(file.name.commit);
    }
    if (commits.empty()) break;
    FileSet inputs;
    bool any_taken = false;
    for (const CollectionFile& file : collection.files.live) {
      if (!file.name.is_commit || !commits.contains(file.name.commit)) continue;
      any_taken = any_taken || collection.in_merge.contains(file.file.path);
      inputs.live.push_back(file);
    }
    if (any_taken) {
      timer.expires_after(std::chrono::milliseconds(10));
      co_await timer.async_wait(kAwait);
      continue;
    }
    auto merged = co_await merge(collection, std::move(inputs));
    if (!merged) co_return Status(std::unexpected(merged.error()));
  }
  co_return Status();
}

// What was deleted is forgotten once no older version can be anywhere: in no other file, none that was taken away, and
// none that is on its way.
void CollectionService::carry_deletes(const Collection& collection, const FileSet& inputs, PartInfo& info) const {
  std::int64_t dead_elsewhere = 0;
  for (const CollectionFile& file : collection.files.live) dead_elsewhere += file.file.dead_rows();
  for (const CollectionFile& file : inputs.live) dead_elsewhere -= file.file.dead_rows();
  if (dead_elsewhere == 0 && collection.archived.empty() && streams_ == 0) return;
  for (const CollectionFile& file : inputs.live) {
    info.deletes.insert(info.deletes.end(), file.info.deletes.begin(), file.info.deletes.end());
  }
}

asio::awaitable<Status> CollectionService::follow_merge(Collection& collection, const FileSet& inputs,
                                                        const std::vector<CollectionFile>& added,
                                                        std::shared_ptr<PendingFiles> files) {
  if (!collection.keys) co_return Status();
  auto follow = [&]() -> Status {
    CANVASBACK_ASSIGN(std::string entries, read_entries(*files));
    std::vector<std::string> from;
    for (const CollectionFile& file : inputs.live) from.push_back(file.file.path);
    collection.keys->moved(from, entries, key_files(added));
    return {};
  };
  co_return co_await on_thread(house_, follow);
}

asio::awaitable<Result<std::unique_ptr<CollectionKeys>>> CollectionService::read_keys(
    Collection& collection, std::shared_ptr<const RecordSchema> schema, CollectionKeys::Rebuilt& rebuilt) {
  using Out = Result<std::unique_ptr<CollectionKeys>>;
  auto keys = std::make_unique<CollectionKeys>(*schema, key_secret_);
  std::vector<CollectionFile> read;
  std::vector<KeptDelete> deletes;
  KeysWork work;
  work.files.name = "keys";
  std::vector<std::string> wanted{std::string(kIngestedAtColumn)};
  for (const auto& fields : schema->keys()) wanted.insert(wanted.end(), fields.begin(), fields.end());
  for (const CollectionFile& file : collection.files.live) {
    for (const KeptDelete& each : file.info.deletes) deletes.push_back(each);
    if (file.file.rows == 0) continue;
    std::vector<std::string>& names = work.columns.emplace_back();
    std::set<std::string> taken;
    for (const KindColumn& column : columns_of_members(file.info.kinds)) {
      const bool is_key = std::ranges::find(wanted, column.name) != wanted.end();
      if (is_key && column.key == column.name && taken.insert(column.name).second) names.push_back(column.name);
    }
    work.files.files.push_back(file.file);
    work.files.files.back().dead.clear();
    read.push_back(file);
  }
  for (const CollectionFile& file : collection.archived) {
    for (const KeptDelete& each : file.info.deletes) deletes.push_back(each);
  }
  auto files = std::make_shared<PendingFiles>();
  if (!read.empty()) {
    work.schema = *schema;
    work.key_secret = key_secret_;
    Task task;
    task.work = std::move(work);
    CancelToken never;
    RolePool::OpenFile open_file = opener(collection, files);
    auto submitted = co_await tidy_.submit(std::move(task), std::move(open_file), never);
    if (!submitted) co_return Out(std::unexpected(submitted.error()));
    auto done = co_await (*submitted)->finish();
    if (!done) co_return Out(std::unexpected(done.error()));
  }
  auto rebuild = [&]() -> Status {
    CANVASBACK_ASSIGN(std::string entries, read_entries(*files));
    std::int64_t rows = 0;
    for (const CollectionFile& file : read) rows += file.file.rows;
    if (KeyEntries(entries, schema->keys().size()).rows() != rows) {
      return fail(ErrorCode::DataProcessing, "The keys of a collection could not be read whole.");
    }
    rebuilt = keys->rebuild(entries, key_files(read), deletes);
    return {};
  };
  Status status = co_await on_thread(house_, rebuild);
  if (!status) co_return Out(std::unexpected(status.error()));
  co_return std::move(keys);
}

// What was moved by hand may bring keys or take them away.
asio::awaitable<void> CollectionService::publish_moved(Collection& collection) {
  const auto held = co_await collection.lock->hold();
  if (collection.keys) {
    Status renewed = co_await renew_keys(collection);
    if (!renewed) log::warning("collection {}: {}", collection.name, renewed.error().message);
  }
  publish(collection);
}

asio::awaitable<Status> CollectionService::renew_keys(Collection& collection) {
  if (!collection.schema || collection.schema->keys().empty()) {
    collection.keys.reset();
    co_return Status();
  }
  Stopwatch watch;
  CollectionKeys::Rebuilt rebuilt;
  auto keys = co_await read_keys(collection, collection.schema, rebuilt);
  if (!keys) co_return Status(std::unexpected(keys.error()));
  collection.keys = std::move(*keys);
  log::info("collection {}: {} keys in {:.0f} ms, {} bytes", collection.name, collection.keys->size(),
            watch.elapsed_ms(), collection.keys->bytes());
  co_return Status();
}

}  // namespace canvasback
