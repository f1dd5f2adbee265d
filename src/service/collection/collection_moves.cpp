// The part of CollectionService that notices what was done with its files by hand, and lets go of what is too old.
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/iso_week.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/collection_service.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {

namespace {

// A file that has just come and cannot be read: somebody may still be writing it.
constexpr std::int64_t kComingNs = 10'000'000'000;

bool is_coming(const CollectionFile& file) {
  const std::int64_t age_ns = wall_us() * 1000 - file.file.modified_ns;
  return age_ns >= 0 && age_ns < kComingNs;
}

std::map<std::string, CollectionFile> by_path(std::vector<CollectionFile> files) {
  std::map<std::string, CollectionFile> out;
  for (CollectionFile& file : files) {
    std::string path = file.file.path;
    out.emplace(std::move(path), std::move(file));
  }
  return out;
}

}  // namespace

// Whether what blocks it is gone, or can be read again; of that there may be no other sign.
asio::awaitable<bool> CollectionService::may_be_unblocked(const Collection& collection,
                                                          std::vector<CollectionFile> listed) {
  if (collection.files.blocking.empty()) co_return true;  // a folder, or something else that may pass
  auto list_archive = [folder = collection.archive] { return list_folder(folder, MissingFolder::IsEmpty); };
  auto archived = co_await on_thread(house_, list_archive);
  if (!archived) co_return false;
  std::ranges::move(archived->files, std::back_inserter(listed));
  auto there = by_path(std::move(listed));
  std::vector<CollectionFile> open;
  for (const CollectionFile& file : collection.files.blocking) {
    const auto found = there.find(file.file.path);
    if (found == there.end()) co_return true;
    if (found->second.trouble.empty()) open.push_back(std::move(found->second));
  }
  auto examined = co_await examine(std::move(open), false);
  co_return examined&& std::ranges::any_of(*examined, [](const CollectionFile& file) { return file.trouble.empty(); });
}

// Whether the folder holds other files than we know of, or others in their place. Under the lock, so that no commit is
// on its way; what is listed may be from before.
asio::awaitable<bool> CollectionService::has_changed(const Collection& collection, std::set<std::string> before,
                                                     std::vector<CollectionFile> listed) {
  const auto there = by_path(std::move(listed));
  std::set<std::string> known;
  for (const SupersededFile& file : collection.superseded) known.insert(file.path);
  for (const CollectionFile& file : collection.files.blocking) known.insert(file.file.path);
  for (const CollectionFile& file : collection.files.live) {
    known.insert(file.file.path);
    const auto found = there.find(file.file.path);
    if (found == there.end() && before.contains(file.file.path)) co_return true;
    if (found == there.end()) continue;
    if (!found->second.trouble.empty() || !found->second.file.same_content(file.file)) co_return true;
  }
  std::vector<CollectionFile> coming;
  for (const auto& [path, file] : there) {
    if (known.contains(path) || collection.strangers.contains(identity_of(file.file))) continue;
    if (!is_coming(file)) co_return true;
    coming.push_back(file);
  }
  auto examined = co_await examine(std::move(coming), false);
  co_return examined&& std::ranges::any_of(*examined, [](const CollectionFile& file) { return file.trouble.empty(); });
}

// Whether an archived file is another than it was listed as: touched, written into, or gone.
asio::awaitable<bool> CollectionService::archive_has_changed(const Collection& collection) {
  std::vector<DataFile> listed;
  for (const CollectionFile& file : collection.archived) {
    listed.emplace_back();
    keep_content(listed.back(), file.file);
  }
  auto compare = [listed = std::move(listed)] {
    return std::ranges::any_of(listed, [](const DataFile& file) {
      const auto stated = stat_data_file(file.path);
      return !stated || !stated->same_content(file);
    });
  };
  co_return co_await on_thread(house_, compare);
}

// Files that were moved away or back by hand, changed, or made unreadable. Under the lock no name is changed by us.
asio::awaitable<void> CollectionService::notice_moves(Collection& collection) {
  if (collection.is_scratch) co_return;
  const auto held = co_await collection.lock->hold();
  if (stopping_) co_return;
  std::set<std::string> before;
  for (const CollectionFile& file : collection.files.live) before.insert(file.file.path);
  auto list_live = [folder = collection.folder] { return list_folder(folder, MissingFolder::IsAnError); };
  auto listing = co_await on_thread(house_, list_live);
  bool changed = false;
  if (!listing) {
    changed = !collection.blocked;
  } else if (collection.blocked) {
    changed = co_await may_be_unblocked(collection, listing->files);
  }
  if (listing && !changed) changed = co_await has_changed(collection, std::move(before), std::move(listing->files));
  if (listing && !changed && !collection.blocked) changed = co_await archive_has_changed(collection);
  if (!changed) co_return;
  const std::string blocked = collection.blocked ? collection.blocked->message : std::string();
  collection.reloading = true;
  co_await reload(collection);
  collection.reloading = false;
  if (collection.blocked && collection.blocked->message == blocked) co_return;
  log::info("collection {}: files were moved or changed; {} records in {} files now", collection.name,
            collection.records(), collection.files.live.size());
}

asio::awaitable<bool> CollectionService::look_again() {
  std::vector<Collection*> all;
  for (const auto& [name, collection] : collections_) all.push_back(collection.get());
  const auto is_other = [](const CollectionFile& file) {
    auto stated = stat_data_file(file.file.path);
    return !stated || !stated->same_content(file.file) || ::access(file.file.path.c_str(), R_OK) != 0;
  };
  bool any = false;
  asio::steady_timer timer(executor_);
  for (Collection* collection : all) {
    if (collection->blocked) continue;
    // While it is read anew its new files are known and not yet published.
    if (!collection->reloading && !std::ranges::any_of(collection->files.live, is_other)) continue;
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
  if (options_.keep_weeks <= 0 || collection.blocked) co_return;
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
