// The part of CollectionService that finds out what a folder holds: at the start, and again whenever its files were
// moved, changed or made unreadable by somebody else.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/collection_service.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr int kIngestProcessesWarm = 2;
constexpr int kRetryBlockedSeconds = 30;
// Where nothing tells which commit numbers were used, those that are given out begin so much later: more than any
// server can have used.
constexpr std::uint64_t kNumbersSkipped = 100'000'000'000;
constexpr std::size_t kFilesNamed = 3;  // in one message

Dataset dataset_of_files(const std::vector<CollectionFile>& files) {
  Dataset out;
  out.name = "examined";
  for (const CollectionFile& file : files) out.files.push_back(file.file);
  return out;
}

bool is_gone(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) != 0 && errno == ENOENT;
}

// Where it lies and why it cannot be read: "archive/data_2025_w43.parquet (Permission denied)".
std::string named_with_trouble(const Collection& collection, const CollectionFile& file) {
  const bool archived = file.file.path.starts_with(collection.archive + "/");
  std::string why = file.trouble;
  if (why.ends_with('.')) why.pop_back();
  return fmt::format("{}{} ({})", archived ? "archive/" : "", file_name(file.file.path), why);
}

Error blocked_by_files(const Collection& collection) {
  std::string names;
  std::string paths;
  const auto& blocking = collection.files.blocking;
  for (std::size_t i = 0; i < blocking.size(); ++i) {
    if (i < kFilesNamed) names += (i == 0 ? "" : ", ") + named_with_trouble(collection, blocking[i]);
    paths += (i == 0 ? "" : ", ") + blocking[i].file.path;
  }
  if (blocking.size() > kFilesNamed) names += fmt::format(" and {} more", blocking.size() - kFilesNamed);
  return Error{ErrorCode::Unavailable,
               fmt::format("Collection \"{}\" has files that cannot be read: {}. Nothing is written to it and nothing "
                           "answered from it until they can be read, or are moved out of its folder by hand; "
                           "on_unreadable=skip reads the others.",
                           collection.name, names),
               paths,
               {},
               kRetryBlockedSeconds};
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

}  // namespace

asio::awaitable<Result<std::vector<CollectionFile>>> CollectionService::examine_together(
    std::vector<CollectionFile> files, bool deep) {
  using Out = Result<std::vector<CollectionFile>>;
  if (files.empty()) co_return files;
  Task task;
  task.work = ExamineWork{dataset_of_files(files), deep};
  RolePool::OpenFile none = [](const Json&) -> Result<UniqueFd> {
    return fail(ErrorCode::DataProcessing, "An examination writes nothing.");
  };
  CancelToken never;
  auto& pool = deep ? maintain_ : tidy_;
  auto submitted = co_await pool.submit(std::move(task), std::move(none), never);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Out(std::unexpected(done.error()));
  std::vector<ExaminedFile> answers = examined_files_from_json(*done);
  if (answers.size() != files.size()) co_return Out(fail(ErrorCode::DataProcessing, "Not all files were examined."));
  for (std::size_t i = 0; i < files.size(); ++i) {
    ExaminedFile& answer = answers[i];
    if (answer.error) {
      files[i].trouble = answer.error->message;
      if (files[i].trouble.empty()) files[i].trouble = "It cannot be read";
      continue;
    }
    files[i].file.rows = answer.rows;
    files[i].file.row_group_rows = std::move(answer.row_group_rows);
    files[i].info = std::move(answer.info);
    if (files[i].name.is_commit != files[i].info.id.empty()) {
      files[i].trouble = "Its name is that of another kind of file";
    }
  }
  co_return files;
}

asio::awaitable<Result<std::vector<CollectionFile>>> CollectionService::examine(std::vector<CollectionFile> files,
                                                                                bool deep) {
  using Out = Result<std::vector<CollectionFile>>;
  std::vector<CollectionFile> out;
  std::vector<CollectionFile> opened;
  for (CollectionFile& file : files) (file.trouble.empty() ? opened : out).push_back(std::move(file));
  auto together = co_await examine_together(opened, deep);
  if (together) {
    std::ranges::move(*together, std::back_inserter(out));
    co_return out;
  }
  if (stopping_) co_return Out(std::unexpected(together.error()));
  // One of them is more than a worker can bear: which one, each of them tells alone.
  for (CollectionFile& file : opened) {
    std::vector<CollectionFile> one(1, file);
    auto alone = co_await examine_together(std::move(one), deep);
    if (!alone) file.trouble = alone.error().message;
    out.push_back(alone ? std::move((*alone)[0]) : std::move(file));
  }
  co_return out;
}

// Files that are known already are not read once more.
asio::awaitable<Result<std::vector<CollectionFile>>> CollectionService::examine_folder(
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
  auto examined = co_await examine(std::move(unknown), false);
  if (!examined) co_return Out(std::unexpected(examined.error()));
  for (CollectionFile& file : *examined) {
    if (!file.trouble.empty() && is_gone(file.file.path)) continue;  // meanwhile
    if (!file.trouble.empty()) {
      log::error("collection {}: {}: {}", collection.name, file.file.path, file.trouble);
    } else {
      checks_.expect(file.file);  // somebody else put it there, or touched it
    }
    out.push_back(std::move(file));
  }
  co_return out;
}

asio::awaitable<Status> CollectionService::open() {
  std::vector<std::string> names;
  std::error_code error;
  const bool has_archive = !fs::is_empty(options_.data_folder + "/archive", error) && !error;
  if (has_archive || fs::exists(options_.data_folder + "/parquet", error)) names.emplace_back(kDefaultCollection);
  for (fs::directory_iterator at(options_.data_folder + "/collections", error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_directory(error)) names.push_back(at->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    co_return Status(fail(ErrorCode::Unavailable,
                          fmt::format("The folder {}/collections cannot be read.", options_.data_folder),
                          error.message()));
  }
  // Grants name folders that are there: these always are. A full disk keeps nobody from reading.
  for (const char* folder : {"/parquet", "/collections", "/archive"}) {
    const Status made = file::make_folder(options_.data_folder + folder);
    if (!made && made.error().code != ErrorCode::StorageLimit) co_return made;
  }
  std::vector<std::string> readable{options_.data_folder + "/parquet", options_.data_folder + "/collections"};
  datasets_.grant_folders(readable);
  readable.push_back(options_.data_folder + "/archive");
  // One may lie on another disk.
  for (const std::string& name : names) {
    const std::string archive = fmt::format("{}/collections/{}/archive", options_.data_folder, name);
    if (fs::is_symlink(archive, error) && fs::is_directory(archive, error)) readable.push_back(archive);
  }
  tidy_.set_readable_paths(readable);
  maintain_.set_readable_paths(std::move(readable));
  ingest_.warm(kIngestProcessesWarm);
  if (Status status = schemas_.open(); !status) co_return status;
  checks_.load();
  for (const auto& [name, versions] : schemas_.all()) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  for (const std::string& name : names) {
    auto collection = collection_for(name);
    if (!collection) {
      log::warning("the folder of collection {} is left alone: {}", name, collection.error().message);
      continue;
    }
    if (const RecordSchema* schema = schemas_.find(name)) {
      (*collection)->schema = std::make_shared<const RecordSchema>(*schema);
    }
    if (Status status = co_await examine_all(**collection, true); !status) block(**collection, status.error());
  }
  co_return Status();
}

struct CollectionService::Contents {
  std::vector<CollectionFile> here;
  std::vector<CollectionFile> archived;
  Notes notes;
  std::vector<std::string> leftovers;
  std::vector<std::string> merge_notes;
};

asio::awaitable<Result<CollectionService::Contents>> CollectionService::contents_of(const Collection& collection) {
  using Out = Result<Contents>;
  auto list_live = [folder = collection.folder] { return list_folder(folder, MissingFolder::IsAnError); };
  auto listing = co_await on_thread(disk_, list_live);
  if (!listing) co_return Out(std::unexpected(listing.error()));
  auto list_archive = [folder = collection.archive] { return list_folder(folder, MissingFolder::IsEmpty); };
  auto archive = co_await on_thread(disk_, list_archive);
  if (!archive) co_return Out(std::unexpected(archive.error()));
  Contents out;
  auto read = [&collection, &listing] {
    return read_notes(collection.folder, collection.quarantine, listing->merge_notes);
  };
  out.notes = co_await on_thread(disk_, read);
  auto here = co_await examine_folder(collection, std::move(listing->files));
  if (!here) co_return Out(std::unexpected(here.error()));
  auto there = co_await examine_folder(collection, std::move(archive->files));
  if (!there) co_return Out(std::unexpected(there.error()));
  out.here = std::move(*here);
  out.archived = std::move(*there);
  out.leftovers = std::move(listing->leftovers);
  std::ranges::move(archive->leftovers, std::back_inserter(out.leftovers));
  out.merge_notes = std::move(listing->merge_notes);
  co_return out;
}

// Takes note of what counts and what does not.
void CollectionService::take_stock(Collection& collection, Contents& found) {
  collection.strangers.clear();
  for (const CollectionFile& file : found.here) collection.strangers.insert(identity_of(file.file));
  collection.files = select_files(std::move(found.here), found.archived, found.notes.folder);
  for (const CollectionFile& file : collection.files.live) collection.strangers.erase(identity_of(file.file));
  std::erase_if(found.archived, [](const CollectionFile& file) { return !file.trouble.empty(); });
  collection.archived = std::move(found.archived);
  collection.blocked.reset();
  if (!collection.files.blocking.empty()) {
    collection.blocked = blocked_by_files(collection);
    log::error("{}", collection.blocked->message);
  }
  know_numbers(collection, found.notes.numbers, found.notes.numbers_damaged, found.notes.last_rejects);
  collection.conflicts.clear();
  Kinds before;
  for (const auto* files : {&std::as_const(collection.files.live), &std::as_const(collection.archived)}) {
    for (const CollectionFile& file : *files) {
      take_over(collection, file, before);
      before.merge(file.info.kinds);
    }
  }
}

asio::awaitable<Status> CollectionService::examine_all(Collection& collection, bool at_start) {
  asio::steady_timer timer(executor_);
  while (collection.removing) {
    timer.expires_after(std::chrono::milliseconds(5));
    co_await timer.async_wait(kAwait);
  }
  collection.removing = true;
  const std::shared_ptr<void> done(nullptr, [&collection](void*) { collection.removing = false; });
  auto found = co_await contents_of(collection);
  if (!found) co_return Status(std::unexpected(found.error()));
  std::set<std::string> were_live;
  for (const CollectionFile& file : collection.files.live) were_live.insert(file.file.path);
  // Only a power cut tears what was not synced yet.
  if (!at_start) found->notes.folder.synced_up_to.reset();
  take_stock(collection, *found);
  const auto numbers = found->notes.numbers;
  Status put = co_await put_away(collection, std::move(*found), std::move(were_live), at_start);
  if (!put) co_return put;
  if (Status renewed = co_await renew_keys(collection); !renewed && !collection.blocked) co_return renewed;
  const bool is_noted = numbers && numbers->used_up_to >= collection.last_commit &&
                        numbers->synced_up_to.has_value() != options_.sync_each_commit;
  if (at_start && !is_noted && collection.last_commit > 0) co_await note_numbers(collection, collection.last_commit);
  const bool is_known =
      collection.version > 0 || collection.schema || collection.blocked || !collection.archived.empty();
  if (is_known || !collection.files.live.empty()) publish(collection);
  log::info("collection {}: {} records in {} files, {} commits to merge", collection.name, collection.records(),
            collection.files.live.size(), collection.commit_count());
  co_return Status();
}

// The next commit's number is higher than any that was ever given out: by names, footers, refused records, or the note.
void CollectionService::know_numbers(Collection& collection, const std::optional<NumberNote>& note, bool damaged,
                                     std::uint64_t last_rejects) {
  std::uint64_t& last = collection.last_commit;
  last = std::max({last, collection.files.last_commit, last_rejects});
  if (collection.numbers_noted > 0) return;  // they are known
  // A part that cannot be read covers who knows which commits.
  const bool unknown = !note && std::ranges::any_of(collection.files.blocking, [](const CollectionFile& file) {
    return !file.name.is_commit && file.info.covers.empty();
  });
  if (damaged || unknown) last += kNumbersSkipped;
  if (!note) return;
  last = std::max(last, note->used_up_to);
  collection.numbers_noted = note->used_up_to;
  collection.synced_commit = note->synced_up_to.value_or(0);
  if (options_.sync_each_commit) return;
  for (const CollectionFile& file : collection.files.live) {
    if (file.name.is_commit && file.name.commit > collection.synced_commit) {
      unsynced_.emplace_back(&collection, file.file.path);
    }
  }
}

NumberNote CollectionService::number_note(const Collection& collection, std::uint64_t used_up_to) const {
  NumberNote note;
  note.used_up_to = used_up_to;
  if (!options_.sync_each_commit) note.synced_up_to = collection.synced_commit;
  return note;
}

// Where that fails the next commit tries again, or fails.
asio::awaitable<void> CollectionService::note_numbers(Collection& collection, std::uint64_t used_up_to) {
  auto write = [folder = collection.folder, note = number_note(collection, used_up_to)] {
    return write_number_note(folder, note);
  };
  const Status written = co_await on_thread(disk_, write);
  collection.numbers_noted = written ? used_up_to : 0;
  if (!written) {
    log::warning("collection {}: {} {}", collection.name, written.error().message, written.error().detail);
  }
}

// What does not count goes out of the way, if nothing that would count is hidden from us.
// While the server runs: what counts again is not removed, and what does not any more is, in its turn. Files of a merge
// or commit that is not whole may be on their way here by somebody's hand: those that were never live stay.
void CollectionService::supersede_anew(Collection& collection, const std::set<std::string>& were_live) {
  FileSet& files = collection.files;
  std::set<std::string> live;
  for (const CollectionFile& file : files.live) live.insert(file.file.path);
  std::erase_if(collection.superseded, [&](const SupersededFile& file) { return live.contains(file.path); });
  std::set<std::string> known;
  for (const SupersededFile& file : collection.superseded) known.insert(file.path);
  std::erase_if(files.superseded, [&](const CollectionFile& file) { return known.contains(file.file.path); });
  std::erase_if(files.unfinished, [&](const CollectionFile& file) { return !were_live.contains(file.file.path); });
  supersede(collection, std::move(files.unfinished));
  supersede(collection, std::move(files.superseded));
}

// What does not count goes out of the way, if nothing that would count is hidden from us.
asio::awaitable<Status> CollectionService::put_away(Collection& collection, Contents found,
                                                    std::set<std::string> were_live, bool at_start) {
  FileSet& files = collection.files;
  std::vector<std::string> aside;
  std::vector<std::vector<std::string>> doomed(1);
  if (at_start) doomed[0] = std::move(found.leftovers);
  if (!collection.blocked) {
    for (const CollectionFile& file : files.spare) aside.push_back(file.file.path);
  }
  if (!collection.blocked && at_start) {
    // The unfinished go first: once what they were made of is gone, they would count.
    for (const CollectionFile& file : files.unfinished) {
      (file.trouble.empty() ? doomed[0] : aside).push_back(file.file.path);
    }
    std::ranges::move(removal_order(files.superseded), std::back_inserter(doomed));
    doomed.push_back(std::move(found.merge_notes));
  } else if (!collection.blocked) {
    supersede_anew(collection, were_live);
  }
  files.unfinished.clear();
  files.superseded.clear();
  files.spare.clear();
  auto carry_out = [doomed, aside, folder = collection.folder]() -> Status {
    for (const std::string& path : aside) {
      const std::string target = aside_path(path);
      log::error("{} cannot be read and is not needed; it is called {} now", path, file_name(target));
      CANVASBACK_TRY(file::rename(path, target));
    }
    if (!aside.empty()) CANVASBACK_TRY(file::sync_folder(folder));
    return remove_in_turn(doomed, folder);
  };
  co_return co_await on_thread(disk_, carry_out);
}

void CollectionService::block(Collection& collection, const Error& error) {
  Error blocked = error;
  blocked.code = ErrorCode::Unavailable;
  blocked.message = fmt::format("Collection \"{}\" cannot be read: {}", collection.name, error.message);
  blocked.retry_after_seconds = kRetryBlockedSeconds;
  log::error("{} {}", blocked.message, blocked.detail);
  collection.blocked = std::move(blocked);
  publish(collection);
}

asio::awaitable<void> CollectionService::reload(Collection& collection) {
  Status status = co_await examine_all(collection, false);
  if (!status && !stopping_) block(collection, status.error());
}

}  // namespace canvasback
