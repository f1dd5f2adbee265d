#include "service/collection/key_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace {

// Memory for a batch's own keys that is always there.
constexpr std::size_t kJudgedFreeBytes = 16 * limits::kMiB;

std::vector<CollectionKeys::File> key_files(const std::vector<CollectionFile>& files) {
  std::vector<CollectionKeys::File> out;
  for (const CollectionFile& file : files) out.push_back({file.file.path, file.file.rows, file.info.keeps_older});
  return out;
}

std::int64_t rows_of(const std::vector<CollectionFile>& files) {
  std::int64_t rows = 0;
  for (const CollectionFile& file : files) rows += file.file.rows;
  return rows;
}

// Of a file, the columns that keys are read from.
std::vector<std::string> key_columns_of(const CollectionFile& file, const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const KindColumn& column : columns_of_members(file.info.kinds)) {
    const bool is_key = std::ranges::find(wanted, column.name) != wanted.end();
    if (is_key && column.key == column.name && taken.insert(column.name).second) names.push_back(column.name);
  }
  return names;
}

std::vector<KeptDelete> all_deletes_of(const Collection& collection) {
  std::vector<KeptDelete> out;
  for (const auto* files : {&collection.files.live, &collection.archived}) {
    for (const CollectionFile& file : *files) {
      out.insert(out.end(), file.info.deletes.begin(), file.info.deletes.end());
    }
  }
  return out;
}

// A worker's task that tells the keys of these files' rows.
Task keys_task(const std::vector<CollectionFile>& files, const RecordSchema& schema, const std::string& secret) {
  std::vector<std::string> wanted{std::string(kIngestedAtColumn)};
  for (const auto& fields : schema.keys()) wanted.insert(wanted.end(), fields.begin(), fields.end());
  KeysWork work;
  work.files.name = "keys";
  for (const CollectionFile& file : files) {
    work.columns.push_back(key_columns_of(file, wanted));
    work.files.files.push_back(file.file);
    work.files.files.back().dead.clear();
  }
  work.schema = schema;
  work.key_secret = secret;
  Task task;
  task.work = std::move(work);
  return task;
}

}  // namespace

asio::awaitable<Result<KeyedBatch>> KeyService::judge(Collection& collection, std::shared_ptr<PendingFiles> files,
                                                      OnConflict on_conflict, std::vector<std::int64_t> requests,
                                                      ExpectedVersion expected) {
  using Out = Result<KeyedBatch>;
  const std::int64_t rows = files->key_rows(collection.schema->keys().size());
  const std::size_t judging = collection.keys->bytes_to_judge(rows);
  if (judging > kJudgedFreeBytes) {
    Status room = check_memory(collection, collection.keys->bytes() + judging);
    if (!room) co_return Out(std::unexpected(room.error()));
  }
  auto judge = [&]() -> Result<KeyedBatch> {
    KeyedBatch out;
    CANVASBACK_ASSIGN(out.entries, files->read_key_entries());
    out.verdict = collection.keys->judge(out.entries, on_conflict, requests, expected);
    return out;
  };
  auto judged = co_await on_thread(context_.commit_io, judge);
  if (!judged) co_return judged;
  const std::size_t known = judged->verdict.killed.size() + judged->verdict.stillborn.size();
  const std::size_t after = collection.keys->bytes_with(rows - static_cast<std::int64_t>(known));
  // What takes no more memory than there is now is taken, however much that is.
  if (judged->verdict.conflicts.empty() && after > collection.keys->bytes()) {
    if (Status room = check_memory(collection, after); !room) co_return Out(std::unexpected(room.error()));
  }
  co_return judged;
}

// Whether this collection's keys may take so many bytes beside those of the others.
Status KeyService::check_memory(const Collection& collection, std::size_t bytes) const {
  std::uint64_t sum = bytes;
  for (const auto& [name, other] : registry_.all()) {
    if (other.get() != &collection && other->keys) sum += other->keys->bytes();
  }
  if (sum <= context_.options.key_bytes_max) return {};
  return fail(ErrorCode::MemoryLimit,
              fmt::format("The keys of all records would take {} bytes of memory, and key_memory is {}.", sum,
                          context_.options.key_bytes_max));
}

asio::awaitable<void> KeyService::join(Collection& collection, const std::vector<CollectionFile>& added,
                                       KeyedBatch& batch) {
  auto join = [&] {
    collection.keys->add(batch.entries, key_files(added), batch.verdict);
    if (batch.removed) collection.keys->remove(batch.removed->first, batch.removed->second);
    return true;
  };
  co_await on_thread(context_.commit_io, join);
}

asio::awaitable<Status> KeyService::follow_merge(Collection& collection, const std::vector<CollectionFile>& from,
                                                 const std::vector<CollectionFile>& added,
                                                 std::shared_ptr<PendingFiles> files) {
  auto follow = [&]() -> Status {
    CANVASBACK_ASSIGN(std::string entries, files->read_key_entries());
    std::vector<std::string> paths;
    for (const CollectionFile& file : from) paths.push_back(file.file.path);
    collection.keys->moved(paths, entries, key_files(added));
    return {};
  };
  co_return co_await on_thread(context_.maintenance_io, follow);
}

asio::awaitable<Result<KeyService::Read>> KeyService::read(const Collection& collection,
                                                           std::shared_ptr<const RecordSchema> schema) {
  using Out = Result<Read>;
  std::vector<CollectionFile> files;
  std::ranges::copy_if(collection.files.live, std::back_inserter(files),
                       [](const CollectionFile& file) { return file.file.rows > 0; });
  const std::vector<KeptDelete> deletes = all_deletes_of(collection);
  auto told = std::make_shared<PendingFiles>();
  if (!files.empty()) {
    OpenFile open_file = open_in(context_.pending_names, collection.folder, told);
    Task task = keys_task(files, *schema, context_.key_secret);
    CancelToken never;
    auto submitted = co_await context_.pools.small.submit(std::move(task), std::move(open_file), never);
    if (!submitted) co_return Out(std::unexpected(submitted.error()));
    auto done = co_await (*submitted)->finish();
    if (!done) co_return Out(std::unexpected(done.error()));
  }
  Read out;
  out.keys = std::make_unique<CollectionKeys>(*schema, context_.key_secret);
  auto rebuild = [&]() -> Status {
    CANVASBACK_ASSIGN(std::string entries, told->read_key_entries());
    if (KeyEntries(entries, schema->keys().size()).rows() != rows_of(files)) {
      return fail(ErrorCode::DataProcessing, "The keys of a collection could not be read whole.");
    }
    out.rebuilt = out.keys->rebuild(entries, key_files(files), deletes);
    return {};
  };
  Status status = co_await on_thread(context_.maintenance_io, rebuild);
  if (!status) co_return Out(std::unexpected(status.error()));
  co_return std::move(out);
}

asio::awaitable<Status> KeyService::renew(Collection& collection) {
  if (!collection.schema || collection.schema->keys().empty()) {
    collection.keys.reset();
    co_return Status();
  }
  Stopwatch watch;
  auto read_now = co_await read(collection, collection.schema);
  if (!read_now) co_return Status(std::unexpected(read_now.error()));
  collection.keys = std::move(read_now->keys);
  log::info("collection {}: {} keys in {:.0f} ms, {} bytes", collection.name, collection.keys->size(),
            watch.elapsed_ms(), collection.keys->bytes());
  co_return Status();
}

}  // namespace canvasback
