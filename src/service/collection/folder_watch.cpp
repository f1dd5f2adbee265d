#include "service/collection/folder_watch.hpp"

#include <algorithm>
#include <map>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace {

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

std::set<std::string> paths_of(const std::vector<CollectionFile>& files) {
  std::set<std::string> out;
  for (const CollectionFile& file : files) out.insert(file.file.path);
  return out;
}

}  // namespace

asio::awaitable<void> FolderWatch::notice_changes(Collection& collection) {
  if (collection.is_scratch) co_return;
  const auto held = co_await collection.lock.hold();
  if (context_.stopping() || collection.is_retired) co_return;
  const bool changed = co_await has_changed(collection);
  if (!changed) co_return;
  const auto& blocked = collection.health.blocked();
  const std::string before = blocked ? blocked->message : std::string();
  collection.versions.begin_reload();
  co_await loader_.reload(collection);
  collection.versions.end_reload();
  if (blocked && blocked->message == before) co_return;
  log::info("collection {}: files were moved or changed; {} records in {} files now", collection.name,
            collection.records(), collection.files.live.size());
}

asio::awaitable<bool> FolderWatch::has_changed(const Collection& collection) {
  const std::set<std::string> before = paths_of(collection.files.live);
  auto list_live = [folder = collection.folder] { return list_folder(folder, MissingFolder::IsAnError); };
  auto listing = co_await on_thread(context_.maintenance_io, list_live);
  const bool blocked = collection.health.blocked().has_value();
  if (!listing) co_return !blocked;
  if (blocked) {
    const bool unblocked = co_await may_be_unblocked(collection, listing->files);
    if (unblocked) co_return true;
  }
  const bool changed = co_await files_have_changed(collection, before, std::move(listing->files));
  if (changed || blocked) co_return changed;
  co_return co_await archive_has_changed(collection);
}

// Whether what blocks it is gone, or can be read again; of that there may be no other sign.
asio::awaitable<bool> FolderWatch::may_be_unblocked(const Collection& collection, std::vector<CollectionFile> listed) {
  if (collection.files.blocking.empty()) co_return true;  // a folder, or something else that may pass
  auto list_archive = [folder = collection.archive] { return list_folder(folder, MissingFolder::IsEmpty); };
  auto archived = co_await on_thread(context_.maintenance_io, list_archive);
  if (!archived) co_return false;
  std::ranges::move(archived->files, std::back_inserter(listed));
  auto there = by_path(std::move(listed));
  std::vector<CollectionFile> open;
  for (const CollectionFile& file : collection.files.blocking) {
    const auto found = there.find(file.file.path);
    if (found == there.end()) co_return true;
    if (found->second.trouble.empty()) open.push_back(std::move(found->second));
  }
  co_return co_await examiner_.any_readable(std::move(open));
}

// Whether the folder holds other files than we know of, or others in their place. Under the lock, so that no commit is
// on its way; what is listed may be from before.
asio::awaitable<bool> FolderWatch::files_have_changed(const Collection& collection, const std::set<std::string>& before,
                                                      std::vector<CollectionFile> listed) {
  const auto there = by_path(std::move(listed));
  std::set<std::string> known = collection.versions.superseded();
  known.merge(paths_of(collection.files.blocking));
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
  co_return co_await examiner_.any_readable(std::move(coming));
}

// Whether an archived file is another than it was listed as: touched, written into, or gone.
asio::awaitable<bool> FolderWatch::archive_has_changed(const Collection& collection) {
  std::vector<DataFile> listed;
  for (const CollectionFile& file : collection.archived) {
    listed.emplace_back();
    keep_content(listed.back(), file.file);
  }
  auto compare = [listed = std::move(listed)] { return std::ranges::any_of(listed, is_another_file); };
  co_return co_await on_thread(context_.maintenance_io, compare);
}

asio::awaitable<void> FolderWatch::notice_all_changes() {
  for (Collection* collection : registry_.list()) co_await notice_changes(*collection);
}

asio::awaitable<bool> FolderWatch::on_missing_files() {
  const auto is_missing = [](const CollectionFile& file) {
    return is_another_file(file.file) || !can_be_opened(file.file);
  };
  bool any = false;
  for (Collection* collection : registry_.list()) {
    if (collection->health.blocked()) continue;
    // While it is read anew its new files are known and not yet published.
    if (!collection->versions.reloading() && !std::ranges::any_of(collection->files.live, is_missing)) continue;
    any = true;
    co_await notice_changes(*collection);
  }
  co_return any;
}

}  // namespace canvasback
