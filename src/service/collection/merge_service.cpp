#include "service/collection/merge_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>
#include <utility>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/file_steps.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"
#include "storage/table/merge_plan.hpp"

namespace canvasback {
namespace {

// The note, the parts' names, the folder: all of it, or none.
Status name_all(const std::string& folder, const MergeNote& note,
                const std::vector<std::pair<std::string, std::string>>& names) {
  std::vector<std::string> made{merge_note_path(folder, note.id)};
  Status named = write_merge_note(folder, note);
  for (const auto& [from, to] : names) {
    if (named) named = file::rename(from, to);
    if (named) made.push_back(to);
  }
  if (named) return file::sync_folder(folder);
  // Some of its parts: once what they were made of is gone, they would count.
  static_cast<void>(remove_in_turn({made}, folder));
  return named;
}

// Every name that a part must not have: what lies in the folders, what is listed, and what is about to go.
std::set<std::string> known_names(const Collection& collection) {
  std::set<std::string> out;
  for (const auto* files : {&collection.files.live, &collection.archived}) {
    for (const CollectionFile& file : *files) out.insert(file_name(file.file.path));
  }
  for (const std::string& path : collection.versions.superseded()) out.insert(file_name(path));
  return out;
}

}  // namespace

struct MergeService::Merge {
  FileSet inputs;
  std::string id;
  std::shared_ptr<const RecordSchema> schema;  // that it was begun under
  std::int64_t rows = 0;
  std::shared_ptr<PendingFiles> files = std::make_shared<PendingFiles>();
  std::vector<MergedPart> parts = {};  // as the worker told of them
  std::vector<CollectionFile> added = {};
};

std::vector<CollectionFile> MergeService::choose(const Collection& collection, MergeSize size) const {
  const MergeInputs inputs{collection.files.live, collection.merges.claimed(),
                           context_.options.merge_after_s * 1'000'000, collection.last_stamp_us()};
  return choose_merge(inputs, size, wall_us());
}

void MergeService::start(Collection& collection) {
  if (!begun_ || context_.stopping() || !collection.health.usable() || collection.is_scratch) return;
  for (const MergeSize size : {MergeSize::Small, MergeSize::Large}) {
    if (!collection.merges.may_begin(size, monotonic_ns()) || choose(collection, size).empty()) continue;
    collection.merges.begin(size);
    asio::co_spawn(context_.executor, merge_due(collection, size), asio::detached);
  }
}

void MergeService::start_after_commit(Collection& collection) {
  const bool many = collection.commit_count() >= limits::kCommitsMergeAt;
  if (many && !collection.merges.busy(MergeSize::Small)) start(collection);
}

asio::awaitable<void> MergeService::merge_due(Collection& collection, MergeSize size) {
  const auto busy = context_.work.begin();
  while (!context_.stopping() && collection.health.usable() && !collection.merges.is_wanted()) {
    auto inputs = choose(collection, size);
    if (inputs.empty()) break;
    auto merged = co_await merge(collection, std::move(inputs));
    if (merged && *merged > 0) {
      collection.merges.succeeded();
      continue;
    }
    const bool is_busy = !merged && merged.error().code == ErrorCode::TooManyRequests;
    collection.merges.failed(monotonic_ns(), merged || is_busy ? std::nullopt : std::optional(merged.error()));
    if (!merged && !is_busy) {
      log::warning("collection {}: {} {}", collection.name, merged.error().message, merged.error().detail);
    }
    break;
  }
  collection.merges.end(size);
}

// Files alone would tell rows that were left out from rows that came first only as long as those are there that were in
// their way, and a long body may replace these: so the left-out rows go first.
asio::awaitable<Status> MergeService::merge_left_out(Collection& collection, std::int64_t since_us) {
  while (collection.keys) {
    std::set<std::uint64_t> commits;
    for (const CollectionFile& file : collection.files.live) {
      const bool left_out = file.name.is_commit && file.info.keeps_older && file.file.dead_rows() > 0;
      if (left_out && file.info.time_us > since_us) commits.insert(file.name.commit);
    }
    if (commits.empty()) break;
    std::vector<CollectionFile> inputs = commits_of(collection.files.live);
    std::erase_if(inputs, [&](const CollectionFile& file) { return !commits.contains(file.name.commit); });
    if (collection.merges.any_claimed(inputs)) {
      co_await collection.merges.change();
      continue;
    }
    auto merged = co_await merge(collection, std::move(inputs));
    if (!merged) co_return Status(std::unexpected(merged.error()));
  }
  co_return Status();
}

asio::awaitable<Result<std::size_t>> MergeService::merge(Collection& collection, std::vector<CollectionFile> inputs) {
  std::vector<std::string> paths;
  for (const CollectionFile& file : inputs) paths.push_back(file.file.path);
  Merge merge;
  merge.inputs.live = std::move(inputs);
  collection.merges.claim(paths);
  auto merged = co_await merge_claimed(collection, merge);
  collection.merges.release(paths);
  if (!merged && merged.error().code == ErrorCode::StorageLimit) {
    // Whoever wrote a file says that it was not kept: its records are those of files that stay.
    merged.error().message = "The disk is full: nothing was merged; all records stay in the files that they are in.";
  }
  co_return merged;
}

asio::awaitable<Result<std::size_t>> MergeService::merge_claimed(Collection& collection, Merge& merge) {
  using Out = Result<std::size_t>;
  const std::size_t count = merge.inputs.live.size();
  if (count == 0) co_return count;
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  if (Status done = co_await write_parts(collection, merge); !done) co_return Out(std::unexpected(done.error()));
  const auto held = co_await collection.lock.hold();
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  if (merge.schema != collection.schema) co_return std::size_t{0};  // changed meanwhile: the next merge knows it
  if (Status done = co_await name_parts(collection, merge); !done) co_return Out(std::unexpected(done.error()));
  if (Status done = co_await take_place(collection, merge); !done) co_return Out(std::unexpected(done.error()));
  log::debug("collection {}: {} files merged into {} parts", collection.name, count, merge.added.size());
  co_return count;
}

Task MergeService::task_of(const Collection& collection, Merge& merge) const {
  MergeWork work;
  work.files = dataset_of("merged", merge.inputs, "merged");
  const auto& inputs = merge.inputs.live;
  work.info = merged_info(
      merge.inputs, [&](std::string_view key) { return collection.requests.contains(key); }, wall_us());
  if (must_keep_deletes(collection.files.live, inputs, !collection.archived.empty(), context_.bodies.count() > 0)) {
    work.info.deletes = deletes_of(inputs);
  }
  merge.id = random_hex(8);
  merge.rows = work.files.rows;
  merge.schema = collection.schema;
  work.id = merge.id;
  if (collection.keys) work.schema = *collection.schema;
  work.key_secret = context_.key_secret;
  Task task;
  task.work = std::move(work);
  return task;
}

// By a worker, and onto the disk, which may have much to write: commits do not wait for it.
asio::awaitable<Status> MergeService::write_parts(Collection& collection, Merge& merge) {
  Task task = task_of(collection, merge);
  OpenFile open_file = open_in(context_.pending_names, collection.folder, merge.files);
  CancelToken never;
  Pool& pool = merge.rows <= limits::kSmallMergeRows ? context_.pools.small : context_.pools.large;
  auto submitted = co_await pool.submit(std::move(task), std::move(open_file), never);
  if (!submitted) co_return Status(std::unexpected(submitted.error()));
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Status(std::unexpected(done.error()));
  merge.parts = merged_parts_from_json(*done);
  std::int64_t rows = 0;
  for (const MergedPart& part : merge.parts) rows += part.rows;
  if (merge.parts.size() != merge.files->parts.size() || rows != merge.rows) {
    co_return Status(fail(ErrorCode::DataProcessing,
                          fmt::format("A merge of {} records wrote {}; it was not used.", merge.rows, rows)));
  }
  auto sync_all = [files = merge.files]() -> Status {
    for (const PendingFiles::File& part : files->parts) CANVASBACK_TRY(file::sync(part.fd.get(), part.path));
    return {};
  };
  co_return co_await on_thread(context_.maintenance_io, sync_all);
}

asio::awaitable<Status> MergeService::name_parts(Collection& collection, Merge& merge) {
  auto list_names = [folder = collection.folder, archive = collection.archive] {
    std::set<std::string> names = names_in(folder);
    names.merge(names_in(archive));
    return names;
  };
  std::set<std::string> taken = co_await on_thread(context_.maintenance_io, list_names);
  taken.merge(known_names(collection));
  std::vector<std::pair<std::string, std::string>> names;  // from, to
  for (std::size_t i = 0; i < merge.files->parts.size(); ++i) {
    merge.added.push_back(part_of(std::move(merge.parts[i]), collection.folder, taken));
    names.emplace_back(merge.files->parts[i].path, merge.added.back().file.path);
  }
  const MergeNote note = note_of(merge.id, merge.inputs.live, merge.added);
  auto rename_all = [names, note, folder = collection.folder] { return name_all(folder, note, names); };
  co_return co_await on_thread(context_.maintenance_io, rename_all);
}

asio::awaitable<Status> MergeService::take_place(Collection& collection, Merge& merge) {
  for (CollectionFile& file : merge.added) {
    auto stated = stat_data_file(file.file.path);
    if (!stated) co_return Status(std::unexpected(stated.error()));
    keep_content(file.file, *stated);
  }
  if (collection.keys) {
    Status followed = co_await keys_.follow_merge(collection, merge.inputs.live, merge.added, merge.files);
    if (!followed) co_return followed;
  }
  Replaced files = replace_files(std::move(collection.files.live), merge.inputs.live, merge.added);
  collection.files.live = std::move(files.live);
  collection.versions.supersede(files.gone, monotonic_ns());
  collection.versions.supersede(merge_note_path(collection.folder, merge.id), monotonic_ns());
  registry_.publish(collection);
  co_return Status();
}

}  // namespace canvasback
