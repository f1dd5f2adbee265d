#include "service/collection/commit_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/file_steps.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {

struct CommitWriter::Step {
  CommitPlan plan;
  bool name_taken = false;  // nothing was done, because somebody else's file has one of the names
  bool naming = false;      // an error came when names were changed already
};

asio::awaitable<Status> CommitWriter::carry_out(Collection& collection, std::shared_ptr<Step> step) {
  auto work = [step]() -> Status {
    step->name_taken = any_is_there(step->plan.names());
    if (step->name_taken) return {};
    CANVASBACK_TRY(canvasback::carry_out(step->plan.before, step->plan.numbers));
    step->naming = true;
    return canvasback::carry_out(step->plan.naming, step->plan.numbers);
  };
  Status status = co_await on_thread(context_.commit_io, work);
  // Only a full disk, met before any name was changed, is no reason to stop: the next batch is another file.
  if (!status && (step->naming || status.error().code != ErrorCode::StorageLimit)) stop(collection, status.error());
  co_return status;
}

void CommitWriter::stop(Collection& collection, const Error& error) {
  collection.health.stop(Error{ErrorCode::Unavailable,
                               fmt::format("Collection \"{}\" takes no records: the disk failed.", collection.name),
                               error.detail,
                               {},
                               30});
  log::error("collection {}: {} {}; it takes no more records until the server is started again", collection.name,
             error.message, error.detail);
}

Result<std::vector<CollectionFile>> CommitWriter::files_of(Collection& collection, const CommitPlan& plan,
                                                           IngestResult& result) {
  std::vector<CollectionFile> out;
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    auto stated = stat_data_file(plan.paths[i]);
    if (!stated) {
      collection.health.stop(stated.error());
      return std::unexpected(stated.error());
    }
    CollectionFile file;
    file.name = *parse_part_name(file_name(plan.paths[i]));
    file.file = std::move(*stated);
    file.file.rows = result.files[i].rows;
    file.file.row_group_rows = std::move(result.files[i].row_group_rows);
    file.info = std::move(result.files[i].info);
    if (!context_.options.sync_each_commit && !collection.is_scratch) sync_later(collection, file.file.path);
    out.push_back(std::move(file));
  }
  return out;
}

asio::awaitable<Result<CommitWriter::Commit>> CommitWriter::publish(Collection& collection, IngestResult& result,
                                                                    std::shared_ptr<PendingFiles> files,
                                                                    KeyedBatch* keyed) {
  using Out = Result<Commit>;
  Commit commit;
  if (result.files.empty() && !result.has_rejects) co_return commit;
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  if (result.files.size() != files->parts.size()) {
    co_return Out(fail(ErrorCode::DataProcessing, "The worker wrote other files than it was given."));
  }
  const CommitFiles written = files->of_commit(collection.folder, collection.quarantine, result.has_rejects);
  std::shared_ptr<Step> step;
  Status status;
  Stopwatch watch;
  do {
    step = std::make_shared<Step>();
    commit.number = collection.numbers.take();
    step->plan = plan_commit(written, commit.number, context_.options.sync_each_commit,
                             collection.numbers.note_for(commit.number));
    status = co_await carry_out(collection, step);
  } while (step->name_taken);
  if (status && step->plan.numbers) collection.numbers.noted(*step->plan.numbers);
  commit.sync_ms = watch.elapsed_ms();
  if (!status) co_return Out(std::unexpected(status.error()));
  const Kinds before = kinds_of(collection.files);
  auto added = files_of(collection, step->plan, result);
  if (!added) co_return Out(std::unexpected(added.error()));
  if (keyed != nullptr) co_await keys_.join(collection, *added, *keyed);
  // From here on nothing waits: who sees the records sees them with what they replace gone.
  for (CollectionFile& file : *added) {
    collection.take_over(file, before);
    collection.files.live.push_back(std::move(file));
  }
  if (!added->empty()) registry_.publish(collection);
  committed_(collection);
  co_return commit;
}

asio::awaitable<void> CommitWriter::write_note(Collection& collection, NumberNote note) {
  auto write = [folder = collection.folder, note] { return write_number_note(folder, note); };
  const Status written = co_await on_thread(context_.commit_io, write);
  if (written) {
    collection.numbers.noted(note);
    co_return;
  }
  collection.numbers.not_noted();
  log::warning("collection {}: {} {}", collection.name, written.error().message, written.error().detail);
}

asio::awaitable<void> CommitWriter::sync_files() {
  const auto unsynced = std::exchange(unsynced_, {});
  std::map<Collection*, std::uint64_t> touched;  // and the last of their commits
  for (const auto& [collection, path] : unsynced) {
    auto sync = [path] { return file::sync_by_name(path); };
    Status status = co_await on_thread(context_.commit_io, sync);
    // One that is not part of it any more need not be on the disk.
    const auto is_it = [&path](const CollectionFile& file) { return file.file.path == path; };
    const bool counts = std::ranges::any_of(collection->files.live, is_it);
    if (!status && counts) collection->health.stop(status.error());
    const auto name = parse_part_name(file_name(path));
    auto& last = touched[collection];
    if (name) last = std::max(last, name->commit);
  }
  for (const auto& [collection, last] : touched) {
    auto sync_names = [folder = collection->folder] { return file::sync_folder(folder); };
    Status status = co_await on_thread(context_.commit_io, sync_names);
    if (!status) collection->health.stop(status.error());
    if (collection->health.stopped()) continue;
    const auto held = co_await collection->lock.hold();  // a commit may write the same note
    collection->numbers.synced_up_to(last);
    if (collection->numbers.has_note()) co_await write_note(*collection, collection->numbers.current_note());
  }
}

asio::awaitable<void> CommitWriter::sync_rest() {
  auto sync_all = [rest = std::exchange(unsynced_, {})]() -> Status {
    for (const auto& [collection, path] : rest) CANVASBACK_TRY(file::sync_by_name(path));
    return {};
  };
  if (co_await on_thread(context_.commit_io, sync_all)) {
    for (const auto& [name, collection] : registry_.all()) {
      collection->numbers.synced_up_to(collection->numbers.last());
    }
  }
}

}  // namespace canvasback
