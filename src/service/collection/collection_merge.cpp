// The part of CollectionService that merges commits and parts: which, when, and how the files take each other's place.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/collection_service.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kPartsOfTierMax = 8;  // of one week and size: then they are merged
constexpr std::int64_t kMergeAgainAfterNs = 1'000'000'000;
// Commits of many records that come closer together than this are a burst.
constexpr std::int64_t kBurstPauseUs = 1'000'000;
constexpr std::size_t kCommitsOfBurstMax = 2 * limits::kCommitsMergeAt;
// A part is written anew once so many of its rows, and one of so many, are dead.
constexpr std::int64_t kDeadRowsMerged = 1000;
constexpr std::int64_t kDeadShareMerged = 50;

// Parts of one week and about one size; merging only such keeps the work for a record logarithmic.
int tier_of(std::int64_t rows) {
  int tier = 0;
  for (; rows >= static_cast<std::int64_t>(kPartsOfTierMax); rows /= static_cast<std::int64_t>(kPartsOfTierMax)) ++tier;
  return tier;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges_of(std::vector<std::uint64_t> numbers) {
  std::ranges::sort(numbers);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
  for (std::uint64_t number : numbers) {
    if (!out.empty() && number <= out.back().second + 1) {
      out.back().second = number;
    } else {
      out.emplace_back(number, number);
    }
  }
  return out;
}

// Names for the parts of a merge that are free here and in the archive.
std::string free_week_name(int year, int week, std::set<std::string>& taken) {
  for (int serial = 0;; ++serial) {
    std::string name = week_file_name(year, week, serial);
    if (taken.insert(name).second) return name;
  }
}

}  // namespace

// Commits of that size, once they are many or have lain for long. All files of a commit go together, and a small merge
// takes the oldest.
FileSet CollectionService::due_commits(const Collection& collection, MergeSize size) const {
  std::map<std::uint64_t, std::int64_t> rows;  // by commit
  for (const CollectionFile& file : collection.files.live) {
    if (file.name.is_commit && !collection.in_merge.contains(file.file.path)) rows[file.name.commit] += file.file.rows;
  }
  const bool is_small = size == MergeSize::Small;
  std::erase_if(rows, [&](const auto& entry) { return (entry.second <= limits::kSmallCommitRows) != is_small; });
  FileSet out;
  if (rows.empty()) return out;
  std::vector<const CollectionFile*> files;
  std::int64_t oldest_us = wall_us();
  std::int64_t sum = 0;
  for (const CollectionFile& file : collection.files.live) {
    const auto found = file.name.is_commit ? rows.find(file.name.commit) : rows.end();
    if (found == rows.end()) continue;
    if (file.name.index == 1) sum += found->second;
    if (is_small && sum > limits::kSmallMergeRows) break;  // commits stand by number
    oldest_us = std::min(oldest_us, file.info.time_us);
    files.push_back(&file);
  }
  const bool lies_long = wall_us() - oldest_us > options_.merge_after_s * 1'000'000;
  // A large merge takes processor time and disk from whoever sends bodies one after the other: it waits for the end of
  // such a burst, though not for long.
  const bool in_burst = !is_small && wall_us() - collection.last_stamp_us < kBurstPauseUs;
  const std::size_t enough = in_burst ? kCommitsOfBurstMax : limits::kCommitsMergeAt;
  if (rows.size() < enough && !lies_long) return out;
  for (const CollectionFile* file : files) out.live.push_back(*file);
  return out;
}

// What is worth merging and not being merged: commits, parts of one week and size where there are too many, or the part
// with the most dead rows where they are many. Empty where there is nothing.
FileSet CollectionService::next_merge(const Collection& collection, MergeSize size) const {
  FileSet out = due_commits(collection, size);
  if (!out.live.empty()) return out;
  std::map<std::tuple<int, int, int>, std::vector<const CollectionFile*>> tiers;
  const CollectionFile* most_dead = nullptr;
  for (const CollectionFile& file : collection.files.live) {
    if (file.name.is_commit || collection.in_merge.contains(file.file.path)) continue;
    tiers[{file.name.year, file.name.week, tier_of(file.file.rows)}].push_back(&file);
    const std::int64_t dead = file.file.dead_rows();
    if (size == MergeSize::Small || dead < kDeadRowsMerged || dead < file.file.rows / kDeadShareMerged) continue;
    if (most_dead == nullptr || most_dead->file.dead_rows() < dead) most_dead = &file;
  }
  for (const auto& [tier, inputs] : tiers) {
    if (inputs.size() < kPartsOfTierMax) continue;
    std::int64_t rows = 0;
    for (const CollectionFile* file : inputs) rows += file->file.rows;
    if ((rows <= limits::kSmallMergeRows) != (size == MergeSize::Small)) continue;
    for (const CollectionFile* file : inputs) out.live.push_back(*file);
    return out;
  }
  if (most_dead != nullptr) out.live.push_back(*most_dead);
  return out;
}

// One merge of each size at a time, beside each other: their inputs are never the same.
void CollectionService::start_merges(Collection& collection) {
  if (!maintaining_ || stopping_ || !collection.usable() || collection.is_scratch) return;
  if (collection.waiting_for_merges > 0) return;
  if (collection.merge_failed_ns > 0 && monotonic_ns() - collection.merge_failed_ns < kMergeAgainAfterNs) return;
  const auto start = [&](bool& busy, MergeSize size) {
    if (busy || next_merge(collection, size).live.empty()) return;
    busy = true;
    asio::co_spawn(executor_, merge_all(collection, size), asio::detached);
  };
  start(collection.tidying, MergeSize::Small);
  start(collection.merging, MergeSize::Large);
}

asio::awaitable<void> CollectionService::merge_all(Collection& collection, MergeSize size) {
  while (!stopping_ && collection.usable() && collection.waiting_for_merges == 0) {
    FileSet inputs = next_merge(collection, size);
    if (inputs.live.empty()) break;
    auto merged = co_await merge(collection, std::move(inputs));
    if (merged && *merged > 0) continue;
    collection.merge_failed_ns = monotonic_ns();
    if (!merged && merged.error().code != ErrorCode::TooManyRequests) {
      log::warning("collection {}: {} {}", collection.name, merged.error().message, merged.error().detail);
    }
    break;
  }
  (size == MergeSize::Small ? collection.tidying : collection.merging) = false;
}

asio::awaitable<void> CollectionService::wait_for_merges(Collection& collection) {
  asio::steady_timer timer(executor_);
  ++collection.waiting_for_merges;
  while (collection.merging || collection.tidying) {
    timer.expires_after(std::chrono::milliseconds(10));
    co_await timer.async_wait(kAwait);
  }
  --collection.waiting_for_merges;
}

asio::awaitable<Result<std::size_t>> CollectionService::merge(Collection& collection, FileSet inputs) {
  std::vector<std::string> paths;
  for (const CollectionFile& file : inputs.live) paths.push_back(file.file.path);
  collection.in_merge.insert(paths.begin(), paths.end());
  auto merged = co_await merge_files(collection, std::move(inputs));
  for (const std::string& path : paths) collection.in_merge.erase(path);
  if (!merged && merged.error().code == ErrorCode::StorageLimit) {
    // Whoever wrote a file says that it was not kept: its records are those of files that stay.
    merged.error().message = "The disk is full: nothing was merged; all records stay in the files that they are in.";
  }
  co_return merged;
}

asio::awaitable<Result<std::size_t>> CollectionService::merge_files(Collection& collection, FileSet inputs) {
  using Out = Result<std::size_t>;
  const std::size_t count = inputs.live.size();
  if (count == 0) co_return count;
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  const Dataset dataset = dataset_of("merged", inputs, "merged");
  PartInfo info;
  info.kinds = kinds_of(inputs);
  info.time_us = wall_us();
  std::vector<std::uint64_t> commits;
  for (const CollectionFile& file : inputs.live) {
    if (file.name.is_commit) {
      commits.push_back(file.name.commit);
    } else {
      info.replaces.push_back(file.info.id);
      for (const auto& range : file.info.covers) info.covers.push_back(range);
      for (const Conflict& conflict : file.info.conflicts) info.conflicts.push_back(conflict);
    }
    for (KeptRequest request : file.info.requests) {
      if (request.commit == 0) request.commit = file.name.commit;
      if (collection.requests.contains(request.key)) info.requests.push_back(std::move(request));
    }
  }
  for (const auto& range : ranges_of(commits)) info.covers.push_back(range);
  carry_deletes(collection, inputs, info);
  const std::string merge_id = random_hex(8);
  const auto schema = collection.schema;
  MergeWork work;
  work.files = dataset;
  work.id = merge_id;
  work.info = std::move(info);
  if (collection.keys) work.schema = *schema;
  work.key_secret = key_secret_;
  Task task;
  task.work = std::move(work);
  auto files = std::make_shared<PendingFiles>();
  CancelToken never;
  RolePool::OpenFile open_file = opener(collection, files);
  auto& pool = dataset.rows <= limits::kSmallMergeRows ? tidy_ : maintain_;
  auto submitted = co_await pool.submit(std::move(task), std::move(open_file), never);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Out(std::unexpected(done.error()));
  std::vector<MergedPart> parts = merged_parts_from_json(*done);
  std::int64_t rows = 0;
  for (const MergedPart& part : parts) rows += part.rows;
  if (parts.size() != files->parts.size() || rows != dataset.rows) {
    co_return Out(fail(ErrorCode::DataProcessing,
                       fmt::format("A merge of {} records wrote {}; it was not used.", dataset.rows, rows)));
  }
  // Much may have to go to the disk: commits do not wait for it.
  auto sync_all = [files]() -> Status {
    for (const PendingFiles::File& part : files->parts) CANVASBACK_TRY(file::sync(part.fd.get(), part.path));
    return {};
  };
  Status status = co_await on_thread(house_, sync_all);
  if (!status) co_return Out(std::unexpected(status.error()));
  const auto held = co_await collection.lock->hold();
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  if (schema != collection.schema) co_return Out(std::size_t{0});  // it was changed meanwhile: the next merge knows it
  auto list_names = [folder = collection.folder, archive = collection.archive] {
    std::set<std::string> names = names_in(folder);
    names.merge(names_in(archive));
    return names;
  };
  std::set<std::string> taken = co_await on_thread(house_, list_names);
  for (const auto* known : {&std::as_const(collection.files.live), &std::as_const(collection.archived)}) {
    for (const CollectionFile& file : *known) taken.insert(file_name(file.file.path));
  }
  for (const SupersededFile& file : collection.superseded) taken.insert(file_name(file.path));
  std::vector<CollectionFile> added;
  Names names;
  MergeNote note;
  note.id = merge_id;
  for (const CollectionFile& file : inputs.live) {
    if (!file.name.is_commit) note.replaced.emplace_back(file_name(file.file.path), file.info.id);
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = free_week_name(parts[i].year, parts[i].week, taken);
    CollectionFile file;
    file.name = *parse_part_name(name);
    file.info = std::move(parts[i].info);
    file.file.path = collection.folder + "/" + name;
    file.file.rows = parts[i].rows;
    file.file.row_group_rows = std::move(parts[i].row_group_rows);
    names.emplace_back(files->parts[i].path, file.file.path);
    note.parts.emplace_back(name, file.info);
    added.push_back(std::move(file));
  }
  collection.changing_names = true;
  ++collection.name_changes;
  const std::string note_path = merge_note_path(collection.folder, merge_id);
  auto rename_all = [names, note, note_path, folder = collection.folder]() -> Status {
    std::vector<std::string> made{note_path};
    Status named = write_merge_note(folder, note);
    for (const auto& [from, to] : names) {
      if (named) named = file::rename(from, to);
      if (named) made.push_back(to);
    }
    if (named) return file::sync_folder(folder);
    // Some of its parts: once what they were made of is gone, they would count.
    static_cast<void>(remove_in_turn({made}, folder));
    return named;
  };
  status = co_await on_thread(house_, rename_all);
  collection.changing_names = false;
  ++collection.name_changes;
  if (!status) co_return Out(std::unexpected(status.error()));
  for (CollectionFile& file : added) {
    auto stated = stat_data_file(file.file.path);
    if (!stated) co_return Out(std::unexpected(stated.error()));
    stated->rows = file.file.rows;
    stated->row_group_rows = std::move(file.file.row_group_rows);
    file.file = std::move(*stated);
  }
  status = co_await follow_merge(collection, inputs, added, files);
  if (!status) co_return Out(std::unexpected(status.error()));
  // What was merged may have been moved away by hand meanwhile; what was committed meanwhile stays.
  std::set<std::string> merged;
  for (const CollectionFile& file : inputs.live) merged.insert(file.file.path);
  std::vector<CollectionFile> gone;
  std::vector<CollectionFile> live = std::move(added);
  for (CollectionFile& file : collection.files.live) {
    (merged.contains(file.file.path) ? gone : live).push_back(std::move(file));
  }
  std::ranges::stable_sort(live, {}, [](const CollectionFile& file) {
    return std::tuple(file.name.is_commit, file.name.year, file.name.week, file.name.serial, file.name.commit,
                      file.name.index);
  });
  collection.files.live = std::move(live);
  supersede(collection, std::move(gone));
  collection.superseded.push_back({note_path, collection.version + 1, monotonic_ns()});
  publish(collection);
  log::debug("collection {}: {} files merged into {} parts", collection.name, count, parts.size());
  co_return count;
}

}  // namespace canvasback
