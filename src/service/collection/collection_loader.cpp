#include "service/collection/collection_loader.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/clock.hpp"
#include "base/error_log.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/collection_trouble.hpp"
#include "service/collection/file_steps.hpp"
#include "service/collection/ingest_request.hpp"
#include "service/dataset/inode_text.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr int kIngestProcessesWarm = 2;

bool is_gone(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) != 0 && errno == ENOENT;
}

// What the folder says beside its files.
struct Notes {
  FolderNotes folder;
  std::optional<NumberNote> numbers;
  bool numbers_damaged = false;
  std::uint64_t last_rejects = 0;
};

Notes read_notes(const std::string& folder, const std::string& quarantine, const std::vector<std::string>& merges) {
  Notes out;
  out.folder.merges = read_merge_notes(merges);
  auto numbers = read_number_note(folder);
  out.numbers_damaged = !numbers;
  if (numbers && *numbers) {
    out.numbers = **numbers;
    out.folder.synced_up_to = out.numbers->synced_up_to;
  }
  if (!numbers) log::error("{} New commits begin with a much higher number.", numbers.error().message);
  out.last_rejects = last_commit_of_rejects(quarantine);
  return out;
}

// Files go aside under other names; then the doomed go, one generation after the other.
Status put_aside_and_remove(const std::vector<std::string>& aside, const std::vector<std::vector<std::string>>& doomed,
                            const std::string& folder) {
  for (const std::string& path : aside) {
    const std::string target = aside_path(path);
    log::error("{} cannot be read and is not needed; it is called {} now", path, file_name(target));
    CANVASBACK_TRY(file::rename(path, target));
  }
  if (!aside.empty()) CANVASBACK_TRY(file::sync_folder(folder));
  return remove_in_turn(doomed, folder);
}

}  // namespace

struct CollectionLoader::Contents {
  std::vector<CollectionFile> here;
  std::vector<CollectionFile> archived;
  Notes notes;
  std::vector<std::string> leftovers;
  std::vector<std::string> merge_notes;
};

Result<std::vector<std::string>> CollectionLoader::names_on_disk() const {
  const std::string& data = context_.options.data_folder;
  std::vector<std::string> names;
  std::error_code error;
  const bool has_archive = !fs::is_empty(data + "/archive", error) && !error;
  if (has_archive || fs::exists(data + "/parquet", error)) names.emplace_back(kDefaultCollection);
  for (fs::directory_iterator at(data + "/collections", error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(error)) names.push_back(at->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(ErrorCode::Unavailable, fmt::format("The folder {}/collections cannot be read.", data),
                error.message());
  }
  return names;
}

// Grants name folders that are there: these always are. A full disk keeps nobody from reading.
Status CollectionLoader::make_folders() {
  for (const char* folder : {"/parquet", "/collections", "/archive"}) {
    const Status made = file::make_folder(context_.options.data_folder + folder);
    if (!made && made.error().code != ErrorCode::StorageLimit) return made;
  }
  return {};
}

void CollectionLoader::grant(const std::vector<std::string>& names) {
  const std::string& data = context_.options.data_folder;
  std::vector<std::string> readable{data + "/parquet", data + "/collections"};
  std::vector<std::string> archives{data + "/archive"};
  // Each may be a link to another disk, whose folder is to be named for itself.
  const auto add_link = [](const std::string& folder, std::vector<std::string>& folders) {
    std::error_code error;
    if (fs::is_symlink(folder, error) && fs::is_directory(folder, error)) folders.push_back(folder);
  };
  for (const std::string& name : names) {
    const std::string base = fmt::format("{}/collections/{}", data, name);
    add_link(base, readable);
    add_link(base + "/parquet", readable);
    add_link(base + "/archive", archives);
  }
  parts_.registry.grant_folders(readable);
  readable.insert(readable.end(), archives.begin(), archives.end());
  std::string inodes;
  for (const std::string& folder : readable) inodes += inode_text(folder);
  context_.pools.small.set_grants(readable, {}, inodes);
  context_.pools.large.set_grants(std::move(readable), {}, std::move(inodes));
}

void CollectionLoader::renew_grants() {
  if (const auto names = names_on_disk()) grant(*names);
}

asio::awaitable<Status> CollectionLoader::open() {
  auto names = names_on_disk();
  if (!names) co_return Status(std::unexpected(names.error()));
  if (Status made = make_folders(); !made) co_return made;
  grant(*names);
  context_.pools.ingest.warm(kIngestProcessesWarm);
  if (Status status = parts_.schemas.open(); !status) co_return status;
  parts_.checks.load();
  for (const auto& [name, versions] : parts_.schemas.all()) {
    if (std::ranges::find(*names, name) == names->end()) names->push_back(name);
  }
  for (const auto& [name, why] : parts_.schemas.unreadable()) {
    log::error("collection {}: {}", name, for_log(why));
    if (std::ranges::find(*names, name) == names->end()) names->push_back(name);
  }
  for (const std::string& name : *names) {
    auto collection = co_await open_one(name);
    if (collection) continue;
    log::warning("the folder of collection {} is left alone: {}", name, collection.error().message);
  }
  co_return Status();
}

asio::awaitable<Result<Collection*>> CollectionLoader::open_one(std::string name) {
  auto collection = parts_.registry.get_or_make(name);
  if (!collection) co_return collection;
  if (const RecordSchema* schema = parts_.schemas.find(name)) {
    (*collection)->schema = std::make_shared<const RecordSchema>(*schema);
  }
  Status loaded = co_await load(**collection, When::AtStart);
  if (!loaded) block(**collection, loaded.error());
  co_return collection;
}

// Files that are known already are not read once more.
asio::awaitable<Result<std::vector<CollectionFile>>> CollectionLoader::examine_unknown(
    const Collection& collection, std::vector<CollectionFile> listed) {
  using Out = Result<std::vector<CollectionFile>>;
  std::map<std::string, const CollectionFile*> known;
  for (const auto* files : {&collection.files.live, &collection.archived}) {
    for (const CollectionFile& file : *files) known.emplace(file.file.path, &file);
  }
  std::vector<CollectionFile> out;
  std::vector<CollectionFile> unknown;
  for (CollectionFile& file : listed) {
    const auto found = known.find(file.file.path);
    const bool same = found != known.end() && file.trouble.empty() && found->second->file.same_content(file.file);
    (same ? out : unknown).push_back(same ? *found->second : std::move(file));
  }
  auto examined = co_await parts_.examiner.examine(std::move(unknown), PartExaminer::Depth::Footers);
  if (!examined) co_return Out(std::unexpected(examined.error()));
  for (CollectionFile& file : *examined) {
    if (!file.trouble.empty() && is_gone(file.file.path)) continue;  // meanwhile
    if (!file.trouble.empty()) {
      log::error("collection {}: {}: {}", collection.name, file.file.path, file.trouble);
    } else {
      parts_.checks.expect(file.file);  // somebody else put it there, or touched it
    }
    out.push_back(std::move(file));
  }
  co_return out;
}

asio::awaitable<Result<CollectionLoader::Contents>> CollectionLoader::contents_of(const Collection& collection) {
  using Out = Result<Contents>;
  auto list_live = [folder = collection.folder] { return list_folder(folder, MissingFolder::IsAnError); };
  auto listing = co_await on_thread(context_.commit_io, list_live);
  if (!listing) co_return Out(std::unexpected(listing.error()));
  auto list_archive = [folder = collection.archive] { return list_folder(folder, MissingFolder::IsEmpty); };
  auto archive = co_await on_thread(context_.commit_io, list_archive);
  if (!archive) co_return Out(std::unexpected(archive.error()));
  Contents out;
  auto read = [&collection, &listing] {
    return read_notes(collection.folder, collection.quarantine, listing->merge_notes);
  };
  out.notes = co_await on_thread(context_.commit_io, read);
  auto here = co_await examine_unknown(collection, std::move(listing->files));
  if (!here) co_return Out(std::unexpected(here.error()));
  auto there = co_await examine_unknown(collection, std::move(archive->files));
  if (!there) co_return Out(std::unexpected(there.error()));
  out.here = std::move(*here);
  out.archived = std::move(*there);
  out.leftovers = std::move(listing->leftovers);
  std::ranges::move(archive->leftovers, std::back_inserter(out.leftovers));
  out.merge_notes = std::move(listing->merge_notes);
  co_return out;
}

// Takes note of what counts and what does not.
void CollectionLoader::take_stock(Collection& collection, Contents& found) {
  collection.strangers.clear();
  for (const CollectionFile& file : found.here) collection.strangers.insert(identity_of(file.file));
  collection.files = select_files(std::move(found.here), found.archived, found.notes.folder);
  for (const CollectionFile& file : collection.files.live) collection.strangers.erase(identity_of(file.file));
  std::erase_if(found.archived, [](const CollectionFile& file) { return !file.trouble.empty(); });
  collection.archived = std::move(found.archived);
  collection.health.unblock();
  if (!collection.files.blocking.empty()) {
    collection.health.block(blocked_by_files(collection));
    log::error("{}", collection.health.blocked()->message);
  }
  know_numbers(collection, found);
  collection.conflicts.clear();
  Kinds before;
  for (const auto* files : {&std::as_const(collection.files.live), &std::as_const(collection.archived)}) {
    for (const CollectionFile& file : *files) {
      collection.take_over(file, before);
      before.merge(file.info.kinds);
    }
  }
}

// The next commit's number is higher than any that was ever given out: by names, footers, refused records, or the note.
void CollectionLoader::know_numbers(Collection& collection, const Contents& found) {
  const bool is_new = !collection.numbers.has_note();
  // A part that cannot be read covers who knows which commits.
  const bool unknown =
      !found.notes.numbers && std::ranges::any_of(collection.files.blocking, [](const CollectionFile& file) {
        return !file.name.is_commit && file.info.covers.empty();
      });
  collection.numbers.learn({std::max(collection.files.last_commit, found.notes.last_rejects), found.notes.numbers,
                            found.notes.numbers_damaged || unknown});
  if (!is_new || !found.notes.numbers || context_.options.sync_each_commit) return;
  for (const CollectionFile& file : collection.files.live) {
    if (file.name.is_commit && file.name.commit > collection.numbers.synced()) {
      parts_.commits.sync_later(collection, file.file.path);
    }
  }
}

asio::awaitable<Status> CollectionLoader::load(Collection& collection, When when) {
  const auto& unreadable = parts_.schemas.unreadable();
  if (const auto why = unreadable.find(collection.name); why != unreadable.end()) {
    co_return Status(fail(why->second));
  }
  const auto held = co_await collection.removal.hold();
  auto found = co_await contents_of(collection);
  if (!found) co_return Status(std::unexpected(found.error()));
  std::set<std::string> were_live;
  for (const CollectionFile& file : collection.files.live) were_live.insert(file.file.path);
  // Only a power cut tears what was not synced yet.
  if (when == When::Later) found->notes.folder.synced_up_to.reset();
  take_stock(collection, *found);
  const auto note = found->notes.numbers;
  Status put = co_await put_away(collection, std::move(*found), std::move(were_live), when);
  if (!put) co_return put;
  Status renewed = co_await parts_.keys.renew(collection);
  if (!renewed && !collection.health.blocked()) co_return renewed;
  const CommitNumbers& numbers = collection.numbers;
  const bool is_noted =
      note && note->used_up_to >= numbers.last() && note->synced_up_to.has_value() != context_.options.sync_each_commit;
  if (when == When::AtStart && !is_noted && numbers.last() > 0) {
    co_await parts_.commits.write_note(collection, numbers.last_note());
  }
  const bool is_known = collection.is_published() || collection.schema || collection.health.blocked() ||
                        !collection.archived.empty() || !collection.files.live.empty() || numbers.last() > 0;
  if (is_known) parts_.registry.publish(collection);
  log::info("collection {}: {} records in {} files, {} commits to merge", collection.name, collection.records(),
            collection.files.live.size(), collection.commit_count());
  co_return Status();
}

// While the server runs: what counts again is not removed, and what does not any more is, in its turn. Files of a merge
// or commit that is not whole may be on their way here by somebody's hand: those that were never live stay.
void CollectionLoader::supersede_anew(Collection& collection, const std::set<std::string>& were_live) {
  FileSet& files = collection.files;
  std::set<std::string> live;
  for (const CollectionFile& file : files.live) live.insert(file.file.path);
  collection.versions.keep(live);
  const std::set<std::string> known = collection.versions.superseded();
  std::erase_if(files.superseded, [&](const CollectionFile& file) { return known.contains(file.file.path); });
  std::erase_if(files.unfinished, [&](const CollectionFile& file) { return !were_live.contains(file.file.path); });
  collection.versions.supersede(files.unfinished, monotonic_ns());
  collection.versions.supersede(files.superseded, monotonic_ns());
}

// What does not count goes out of the way, if nothing that would count is hidden from us.
asio::awaitable<Status> CollectionLoader::put_away(Collection& collection, Contents found,
                                                   std::set<std::string> were_live, When when) {
  FileSet& files = collection.files;
  const bool blocked = collection.health.blocked().has_value();
  std::vector<std::string> aside;
  std::vector<std::vector<std::string>> doomed(1);
  if (when == When::AtStart) doomed[0] = std::move(found.leftovers);
  if (!blocked) {
    for (const CollectionFile& file : files.spare) aside.push_back(file.file.path);
  }
  if (!blocked && when == When::AtStart) {
    // The unfinished go first: once what they were made of is gone, they would count.
    for (const CollectionFile& file : files.unfinished) {
      (file.trouble.empty() ? doomed[0] : aside).push_back(file.file.path);
    }
    std::ranges::move(removal_order(files.superseded), std::back_inserter(doomed));
    doomed.push_back(std::move(found.merge_notes));
  } else if (!blocked) {
    supersede_anew(collection, were_live);
  }
  files.unfinished.clear();
  files.superseded.clear();
  files.spare.clear();
  auto work = [&aside, &doomed, folder = collection.folder] { return put_aside_and_remove(aside, doomed, folder); };
  co_return co_await on_thread(context_.commit_io, work);
}

void CollectionLoader::block(Collection& collection, const Error& error) {
  collection.health.block(blocked_by(collection, error));
  log::error("{} {}", collection.health.blocked()->message, collection.health.blocked()->detail);
  parts_.registry.publish(collection);
}

asio::awaitable<void> CollectionLoader::reload(Collection& collection) {
  Status status = co_await load(collection, When::Later);
  if (!status && !context_.stopping()) block(collection, status.error());
}

}  // namespace canvasback
