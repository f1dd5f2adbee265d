// The part of CollectionService that keeps house: compaction, the archive, checks. What is found at start is in
// collection_examine.cpp, merges in collection_merge.cpp, what others do with the files in collection_moves.cpp.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/iso_week.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/collection_service.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

constexpr std::chrono::milliseconds kMaintainPeriod{500};
constexpr int kPeriodsBetweenListings = 4;

}  // namespace

void CollectionService::supersede(Collection& collection, std::vector<CollectionFile> files) {
  for (CollectionFile& file : files) {
    collection.superseded.push_back({std::move(file.file.path), collection.version + 1, monotonic_ns()});
  }
}

// Removes files, one generation after the other, each for good before the next. A folder that somebody put in a file's
// place is not ours to remove: it goes out of the way.
Status CollectionService::remove_in_turn(const std::vector<std::vector<std::string>>& generations,
                                         const std::string& folder) {
  for (const auto& paths : generations) {
    for (const std::string& path : paths) {
      std::error_code error;
      const bool is_folder = std::filesystem::is_directory(std::filesystem::symlink_status(path, error));
      CANVASBACK_TRY(is_folder ? file::rename(path, aside_path(path)) : file::remove(path));
    }
    if (!paths.empty()) CANVASBACK_TRY(file::sync_folder(folder));
  }
  return {};
}

// Files go once every version that lists them is gone (tasks under way hold theirs), and a while later: who copies the
// folder by hand may have listed it before the files that took their place were there.
asio::awaitable<void> CollectionService::delete_superseded(Collection& collection, std::int64_t grace_s) {
  if (collection.blocked) co_return;  // what cannot be read may be what others only seem to make up for
  asio::steady_timer timer(executor_);
  while (collection.removing) {
    timer.expires_after(std::chrono::milliseconds(5));
    co_await timer.async_wait(kAwait);
  }
  std::erase_if(collection.published, [](const auto& entry) { return entry.second.expired(); });
  std::uint64_t oldest = collection.version;
  for (const auto& [version, dataset] : collection.published) oldest = std::min(oldest, version);
  // Those of one merge are a generation. None goes before the older ones have.
  std::vector<std::vector<std::string>> generations;
  std::uint64_t since = 0;
  std::size_t count = 0;
  for (const SupersededFile& file : collection.superseded) {
    const bool fresh = monotonic_ns() - file.since_ns < grace_s * 1'000'000'000;
    if (oldest < file.since || fresh) break;
    if (file.since != since) generations.emplace_back();
    since = file.since;
    generations.back().push_back(file.path);
    ++count;
  }
  if (count == 0) co_return;
  collection.removing = true;
  auto remove_all = [generations, folder = collection.folder] { return remove_in_turn(generations, folder); };
  Status removed = co_await on_thread(house_, remove_all);
  collection.removing = false;
  if (!removed) {
    log::warning("collection {}: {} {}", collection.name, removed.error().message, removed.error().detail);
    co_return;
  }
  collection.superseded.erase(collection.superseded.begin(),
                              collection.superseded.begin() + static_cast<std::ptrdiff_t>(count));
}

asio::awaitable<Result<std::size_t>> CollectionService::compact(std::string name, WorkWatch watch) {
  using Out = Result<std::size_t>;
  auto found = collections_.find(name);
  if (found == collections_.end()) {
    co_return Out(fail(ErrorCode::DatasetNotFound, fmt::format("There is no collection \"{}\".", name)));
  }
  Collection& collection = *found->second;
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  co_await notice_moves(collection);
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  co_await wait_for_merges(collection);
  collection.merging = true;
  FileSet commits;
  for (const CollectionFile& file : collection.files.live) {
    if (file.name.is_commit) commits.live.push_back(file);
  }
  auto merged = co_await merge(collection, std::move(commits));
  // One file a week. What is committed meanwhile goes on being merged, a little at a time.
  std::set<std::pair<int, int>> weeks;
  for (const CollectionFile& file : collection.files.live) {
    if (!file.name.is_commit) weeks.emplace(file.name.year, file.name.week);
  }
  asio::steady_timer timer(executor_);
  std::int64_t done = 0;
  for (auto week = weeks.begin(); merged && week != weeks.end();) {
    FileSet inputs;
    bool any_taken = false;
    for (const CollectionFile& file : collection.files.live) {
      if (file.name.is_commit || std::pair(file.name.year, file.name.week) != *week) continue;
      any_taken = any_taken || collection.in_merge.contains(file.file.path);
      inputs.live.push_back(file);
    }
    if (any_taken) {
      timer.expires_after(std::chrono::milliseconds(10));
      co_await timer.async_wait(kAwait);
      continue;
    }
    ++week;
    if (Status step = watch.step(done++, static_cast<std::int64_t>(weeks.size())); !step) {
      merged = Out(std::unexpected(step.error()));
      break;
    }
    if (inputs.live.empty() || (inputs.live.size() < 2 && inputs.live[0].file.dead.empty())) continue;
    auto more = co_await merge(collection, std::move(inputs));
    merged = more ? Out(*merged + *more) : Out(std::unexpected(more.error()));
  }
  collection.merging = false;
  co_await delete_superseded(collection, 0);
  co_return merged;
}

asio::awaitable<Result<CollectionService::Moved>> CollectionService::move_files(Collection& collection,
                                                                                std::vector<CollectionFile> files,
                                                                                bool to_archive) {
  using Out = Result<Moved>;
  if (Status checked = co_await check_all(files); !checked) co_return Out(std::unexpected(checked.error()));
  const std::string target = to_archive ? collection.archive : collection.folder;
  const std::string source = to_archive ? collection.folder : collection.archive;
  const auto held = co_await collection.lock->hold();
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  collection.changing_names = true;
  ++collection.name_changes;
  Moved out;
  auto move_all = [&out, &files, &target, &source]() -> Status {
    CANVASBACK_TRY(file::make_folder(target));
    // One after the other: what keeps one from being moved is no reason for the next to stay.
    for (const CollectionFile& file : files) {
      const std::string name = file_name(file.file.path);
      const Status moved = file::move(file.file.path, target + "/" + name);
      if (moved) {
        out.files.push_back(name);
        continue;
      }
      log::warning("{} stays where it is: {} {}", file.file.path, moved.error().message, moved.error().detail);
      out.skipped.emplace_back(name, moved.error().message);
    }
    // The new place before the old: a crash between leaves both names of a file, which counts once.
    CANVASBACK_TRY(file::sync_folder(target));
    return file::sync_folder(source);
  };
  Status status = co_await on_thread(house_, move_all);
  collection.changing_names = false;
  ++collection.name_changes;
  const std::set<std::string> moved(out.files.begin(), out.files.end());
  auto& out_of = to_archive ? collection.files.live : collection.archived;
  auto& into = to_archive ? collection.archived : collection.files.live;
  std::erase_if(files, [&](const CollectionFile& file) { return !moved.contains(file_name(file.file.path)); });
  std::set<std::string> paths;
  for (const CollectionFile& file : files) paths.insert(file.file.path);
  std::erase_if(out_of, [&](const CollectionFile& file) { return paths.contains(file.file.path); });
  for (CollectionFile& file : files) {
    const std::string path = target + "/" + file_name(file.file.path);
    auto stated = stat_data_file(path);
    file.file.path = path;
    if (stated) keep_content(file.file, *stated);
    into.push_back(std::move(file));
  }
  std::ranges::stable_sort(collection.files.live, {}, [](const CollectionFile& file) { return file.name.is_commit; });
  if (Status renewed = co_await renew_keys(collection); !renewed) co_return Out(std::unexpected(renewed.error()));
  publish(collection);
  if (!status) co_return Out(std::unexpected(status.error()));
  if (out.files.empty() && !out.skipped.empty()) {
    const auto& [name, why] = out.skipped[0];
    co_return Out(fail(ErrorCode::Unavailable, fmt::format("Nothing was moved: {}: {}", name, why)));
  }
  co_return out;
}

asio::awaitable<Result<CollectionService::Moved>> CollectionService::archive_before(std::string name,
                                                                                    std::int64_t week_number) {
  using Out = Result<Moved>;
  // Commits may hold records of those weeks: they are merged first.
  const WorkWatch unwatched;
  auto compacted = co_await compact(name, unwatched);
  if (!compacted) co_return Out(std::unexpected(compacted.error()));
  Collection& collection = *collections_.find(name)->second;
  co_await wait_for_merges(collection);
  std::vector<CollectionFile> files;
  for (const CollectionFile& file : collection.files.live) {
    if (file.name.is_commit || week_number_of(IsoWeek{file.name.year, file.name.week}) >= week_number) continue;
    files.push_back(file);
  }
  if (files.empty()) co_return Moved();
  collection.merging = collection.tidying = true;
  auto moved = co_await move_files(collection, std::move(files), true);
  collection.merging = collection.tidying = false;
  co_return moved;
}

asio::awaitable<Result<CollectionService::Moved>> CollectionService::restore(std::string name, std::int64_t first_week,
                                                                             std::int64_t last_week) {
  using Out = Result<Moved>;
  auto found = collections_.find(name);
  if (found == collections_.end()) {
    co_return Out(fail(ErrorCode::DatasetNotFound, fmt::format("There is no collection \"{}\".", name)));
  }
  Collection& collection = *found->second;
  if (Status usable = collection.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  // Records of a commit that was to keep older ones would give way to what comes back, although they came first.
  const WorkWatch unwatched;
  auto compacted = co_await compact(name, unwatched);
  if (!compacted) co_return Out(std::unexpected(compacted.error()));
  co_await wait_for_merges(collection);
  std::vector<CollectionFile> files;
  for (const CollectionFile& file : collection.archived) {
    const std::int64_t week = week_number_of(IsoWeek{file.name.year, file.name.week});
    if (file.name.is_commit || week < first_week || week > last_week) continue;
    files.push_back(file);
  }
  if (files.empty()) co_return Moved();
  collection.merging = collection.tidying = true;
  auto moved = co_await move_files(collection, std::move(files), false);
  collection.merging = collection.tidying = false;
  for (const std::string& problem : shared_value_problems(collection)) {
    log::warning("collection {}: {}", collection.name, problem);
  }
  co_return moved;
}

asio::awaitable<Result<CollectionService::Verified>> CollectionService::verify(std::string name, WorkWatch watch) {
  using Out = Result<Verified>;
  auto found = collections_.find(name);
  if (found == collections_.end()) {
    co_return Out(fail(ErrorCode::DatasetNotFound, fmt::format("There is no collection \"{}\".", name)));
  }
  Collection& collection = *found->second;
  co_await notice_moves(collection);
  // Held, so that no file of it goes meanwhile.
  const auto pinned = collection.published.empty() ? nullptr : collection.published.back().second.lock();
  Verified out;
  for (const CollectionFile& file : collection.files.blocking) out.problems.emplace_back(file.file.path, file.trouble);
  if (collection.blocked && out.problems.empty()) {
    out.problems.emplace_back(collection.folder, collection.blocked->message);
  }
  const std::vector<CollectionFile> files = collection.files.live;
  const auto all = static_cast<std::int64_t>(files.size());
  for (std::int64_t done = 0; done < all; ++done) {
    if (Status step = watch.step(done, all); !step) co_return Out(std::unexpected(step.error()));
    std::vector<CollectionFile> one(1, files[static_cast<std::size_t>(done)]);
    auto examined = co_await examine(std::move(one), true);
    if (!examined) co_return Out(std::unexpected(examined.error()));
    for (const CollectionFile& file : *examined) {
      if (!file.trouble.empty()) {
        out.problems.emplace_back(file.file.path, file.trouble);
        continue;
      }
      ++out.files;
      out.records += file.file.rows;
    }
  }
  for (std::string& problem : shared_value_problems(collection)) {
    out.problems.emplace_back(collection.name, std::move(problem));
  }
  co_return out;
}

asio::awaitable<void> CollectionService::maintain(std::shared_ptr<bool> alive) {
  asio::steady_timer timer(executor_);
  for (int period = 0;; ++period) {
    timer.expires_after(kMaintainPeriod);
    co_await timer.async_wait(kAwait);
    if (!*alive || stopping_) co_return;
    // Collections are never removed while the service lives; new ones may come while this waits.
    std::vector<Collection*> all;
    for (const auto& [name, collection] : collections_) all.push_back(collection.get());
    for (Collection* collection : all) {
      co_await delete_superseded(*collection, options_.grace_s);
      co_await remove_expired(*collection);
      start_merges(*collection);
      if (period % kPeriodsBetweenListings == 0) co_await notice_moves(*collection);
      if (!*alive) co_return;
    }
  }
}

// durability = interval: what was acknowledged is on the disk at most so much later.
asio::awaitable<void> CollectionService::sync_behind(std::shared_ptr<bool> alive) {
  asio::steady_timer timer(executor_);
  while (true) {
    timer.expires_after(limits::kSyncInterval);
    co_await timer.async_wait(kAwait);
    if (!*alive) co_return;
    auto unsynced = std::exchange(unsynced_, {});
    std::map<Collection*, std::uint64_t> touched;  // and the last of their commits
    for (const auto& [collection, path] : unsynced) {
      auto sync_file = [path]() -> Status {
        UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        return fd ? file::sync(fd.get(), path) : Status();  // merged and removed meanwhile
      };
      Status status = co_await on_thread(disk_, sync_file);
      if (!status) collection->stopped = status.error();
      const auto name = parse_part_name(file_name(path));
      auto& last = touched[collection];
      if (name) last = std::max(last, name->commit);
    }
    for (const auto& [collection, last] : touched) {
      auto sync_names = [folder = collection->folder] { return file::sync_folder(folder); };
      Status status = co_await on_thread(disk_, sync_names);
      if (!status) collection->stopped = status.error();
      if (collection->stopped) continue;
      const auto held = co_await collection->lock->hold();  // a commit may write the same note
      collection->synced_commit = std::max(collection->synced_commit, last);
      if (collection->numbers_noted > 0) co_await note_numbers(*collection, collection->numbers_noted);
    }
  }
}

void CollectionService::start_maintaining() {
  maintaining_ = true;
  asio::co_spawn(executor_, maintain(alive_), asio::detached);
  asio::co_spawn(executor_, check_in_background(alive_), asio::detached);
  if (!options_.sync_each_commit) asio::co_spawn(executor_, sync_behind(alive_), asio::detached);
}

}  // namespace canvasback
