#include "service/collection/archive_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/iso_week.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

// One after the other: what keeps one from being moved is no reason for the next to stay.
Status move_each(const std::vector<CollectionFile>& files, const std::string& source, const std::string& target,
                 ArchiveService::Moved& out) {
  CANVASBACK_TRY(file::make_folder(target));
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
}

}  // namespace

asio::awaitable<Result<ArchiveService::Moved>> ArchiveService::archive_before(std::string name,
                                                                              std::int64_t week_number) {
  Wanted wanted = [week_number](std::int64_t week) { return week < week_number; };
  co_return co_await move_weeks(std::move(name), Direction::ToArchive, std::move(wanted));
}

asio::awaitable<Result<ArchiveService::Moved>> ArchiveService::restore(std::string name, std::int64_t first_week,
                                                                       std::int64_t last_week) {
  Wanted wanted = [=](std::int64_t week) { return week >= first_week && week <= last_week; };
  auto moved = co_await move_weeks(name, Direction::FromArchive, std::move(wanted));
  if (!moved || moved->files.empty()) co_return moved;
  const Collection* collection = registry_.find(name);
  if (collection == nullptr) co_return moved;
  for (const std::string& problem : shared_value_problems(*collection)) {
    log::warning("collection {}: {}", name, problem);
  }
  co_return moved;
}

asio::awaitable<Result<ArchiveService::Moved>> ArchiveService::move_weeks(std::string name, Direction direction,
                                                                          Wanted wanted) {
  using Out = Result<Moved>;
  // Records of a commit that was to keep older ones would give way to what comes back, although they came first.
  WorkWatch unwatched;
  auto compacted = co_await compaction_.compact(name, unwatched);
  if (!compacted) co_return Out(std::unexpected(compacted.error()));
  auto found = registry_.existing(name);  // it may have been deleted meanwhile
  if (!found) co_return Out(std::unexpected(found.error()));
  Collection& collection = **found;
  const auto busy = context_.work.begin();
  co_await collection.merges.idle();
  std::vector<CollectionFile> files = direction == Direction::ToArchive ? collection.files.live : collection.archived;
  std::erase_if(files, [&](const CollectionFile& file) {
    return file.name.is_commit || !wanted(week_number_of(file.name.week));
  });
  if (files.empty()) co_return Moved();
  collection.merges.begin(MergeSize::Small);
  collection.merges.begin(MergeSize::Large);
  auto moved = co_await move_files(collection, std::move(files), direction);
  collection.merges.end(MergeSize::Small);
  collection.merges.end(MergeSize::Large);
  co_return moved;
}

asio::awaitable<Result<ArchiveService::Moved>> ArchiveService::move_files(Collection& collection,
                                                                          std::vector<CollectionFile> files,
                                                                          Direction direction) {
  using Out = Result<Moved>;
  if (Status checked = co_await scrub_.check_all(files); !checked) co_return Out(std::unexpected(checked.error()));
  std::string source = collection.folder;
  std::string target = collection.archive;
  if (direction == Direction::FromArchive) std::swap(source, target);
  const auto held = co_await collection.lock.hold();
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  Moved out;
  auto move_all = [&] { return move_each(files, source, target, out); };
  Status status = co_await on_thread(context_.maintenance_io, move_all);
  Status taken = co_await take_moved(collection, std::move(files), out, direction);
  if (!taken) co_return Out(std::unexpected(taken.error()));
  if (!status) co_return Out(std::unexpected(status.error()));
  if (out.files.empty() && !out.skipped.empty()) {
    const auto& [name, why] = out.skipped[0];
    co_return Out(fail(ErrorCode::Unavailable, fmt::format("Nothing was moved: {}: {}", name, why)));
  }
  co_return out;
}

asio::awaitable<Status> ArchiveService::take_moved(Collection& collection, std::vector<CollectionFile> files,
                                                   const Moved& moved, Direction direction) {
  const bool archive = direction == Direction::ToArchive;
  auto& out_of = archive ? collection.files.live : collection.archived;
  auto& into = archive ? collection.archived : collection.files.live;
  const std::string& target = archive ? collection.archive : collection.folder;
  const std::set<std::string> names(moved.files.begin(), moved.files.end());
  std::erase_if(files, [&](const CollectionFile& file) { return !names.contains(file_name(file.file.path)); });
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
  Status renewed = co_await keys_.renew(collection);
  if (!renewed) co_return renewed;
  registry_.publish(collection);
  co_return Status();
}

}  // namespace canvasback
