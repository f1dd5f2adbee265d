// The part of CollectionService that notices what was done with its files by hand, and lets go of what is too old.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "service/collection_listing.hpp"
#include "service/collection_service.hpp"
#include "service/on_thread.hpp"
#include "task/iso_week.hpp"

namespace canvasback {

// Files that were moved away or back by hand. A listing counts only where no name was being changed meanwhile.
asio::awaitable<void> CollectionService::notice_moves(Collection& collection) {
  if (collection.changing_names) co_return;
  const std::uint64_t changes = collection.name_changes;
  std::set<std::string> before;
  for (const CollectionFile& file : collection.files.live) before.insert(file.file.path);
  auto list_live = [folder = collection.folder] { return list_folder(folder); };
  auto listing = co_await on_thread(house_, list_live);
  if (!listing || collection.changing_names || collection.name_changes != changes) co_return;
  std::set<std::string> there;
  std::set<std::string> known;
  for (const CollectionFile& file : listing->files) there.insert(file.file.path);
  for (const CollectionFile& file : collection.files.live) known.insert(file.file.path);
  for (const SupersededFile& file : collection.superseded) known.insert(file.path);
  std::vector<CollectionFile> found;
  for (CollectionFile& file : listing->files) {
    // A commit is never put there by anybody else.
    if (!file.name.is_commit && !known.contains(file.file.path)) found.push_back(std::move(file));
  }
  const auto is_gone = [&](const CollectionFile& file) {
    return before.contains(file.file.path) && !there.contains(file.file.path);
  };
  const bool any_gone = std::ranges::any_of(collection.files.live, is_gone);
  if (found.empty() && !any_gone) co_return;
  std::vector<std::pair<std::string, std::string>> bad;
  auto examined = co_await examine(std::move(found), false, bad);
  auto list_archive = [folder = collection.archive] { return list_folder(folder); };
  auto archived = co_await on_thread(house_, list_archive);
  if (!examined || !archived) co_return;
  auto there_now = co_await examine(std::move(archived->files), false, bad);
  if (!there_now || collection.changing_names || collection.name_changes != changes) co_return;
  // From here on nothing waits: commits that came meanwhile are among the live files.
  collection.archived = std::move(*there_now);
  std::vector<CollectionFile> all;
  for (CollectionFile& file : collection.files.live) {
    if (!is_gone(file)) all.push_back(std::move(file));
  }
  for (CollectionFile& file : *examined) {
    checks_.expect(file.file);
    all.push_back(std::move(file));
  }
  collection.files = select_files(std::move(all), collection.archived);
  supersede(collection, std::exchange(collection.files.superseded, {}));
  collection.files.unfinished.clear();
  co_await publish_moved(collection);
  log::info("collection {}: files were moved; {} records in {} files now", collection.name, collection.records(),
            collection.files.live.size());
}

asio::awaitable<bool> CollectionService::look_again() {
  std::vector<Collection*> all;
  for (const auto& [name, collection] : collections_) all.push_back(collection.get());
  const auto is_gone = [](const CollectionFile& file) { return ::access(file.file.path.c_str(), F_OK) != 0; };
  bool any = false;
  asio::steady_timer timer(executor_);
  for (Collection* collection : all) {
    if (!std::ranges::any_of(collection->files.live, is_gone)) {
      any = co_await notice_changes(*collection) || any;
      continue;
    }
    any = true;
    while (collection->changing_names) {
      timer.expires_after(std::chrono::milliseconds(5));
      co_await timer.async_wait(kAwait);
    }
    co_await notice_moves(*collection);
  }
  co_return any;
}

// Parts of weeks that are older than what is to be kept. The archive is left alone.
asio::awaitable<void> CollectionService::remove_expired(Collection& collection) {
  if (options_.keep_weeks <= 0) co_return;
  const std::int64_t oldest = week_number_of(wall_us()) - options_.keep_weeks;
  std::vector<CollectionFile> gone;
  std::erase_if(collection.files.live, [&](CollectionFile& file) {
    if (file.name.is_commit || collection.in_merge.contains(file.file.path)) return false;
    if (week_number_of(IsoWeek{file.name.year, file.name.week}) >= oldest) return false;
    gone.push_back(std::move(file));
    return true;
  });
  if (gone.empty()) co_return;
  log::info("collection {}: {} parts are older than {} weeks and go", collection.name, gone.size(),
            options_.keep_weeks);
  supersede(collection, std::move(gone));
  co_await publish_moved(collection);
}

}  // namespace canvasback
