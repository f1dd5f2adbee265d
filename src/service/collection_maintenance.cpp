// The part of CollectionService that keeps house: what is found at start, compaction, the archive, checks. Merges are
// in collection_merge.cpp, what others do with the files in collection_moves.cpp.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>
#include <set>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "service/collection_listing.hpp"
#include "service/collection_service.hpp"
#include "service/on_thread.hpp"
#include "storage/collection/shape_sql.hpp"
#include "storage/file.hpp"
#include "task/iso_week.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kMaintainPeriod{500};
constexpr int kPeriodsBetweenListings = 4;
constexpr int kIngestProcessesWarm = 2;

Dataset dataset_of_files(const std::vector<CollectionFile>& files) {
  Dataset out;
  out.name = "examined";
  for (const CollectionFile& file : files) out.files.push_back(file.file);
  return out;
}

}  // namespace

asio::awaitable<Result<std::vector<CollectionFile>>> CollectionService::examine(
    std::vector<CollectionFile> files, bool deep, std::vector<std::pair<std::string, std::string>>& bad) {
  using Out = Result<std::vector<CollectionFile>>;
  std::vector<CollectionFile> good;
  if (files.empty()) co_return good;
  Task task;
  task.kind = TaskKind::Examine;
  task.work.set("dataset", to_json(dataset_of_files(files)));
  task.work.set("deep", deep);
  RolePool::OpenFile none = [](const Json&) -> Result<UniqueFd> {
    return fail(ErrorCode::DataProcessing, "An examination writes nothing.");
  };
  CancelToken never;
  auto& pool = deep ? maintain_ : tidy_;
  auto submitted = co_await pool.submit(std::move(task), std::move(none), never);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Out(std::unexpected(done.error()));
  const auto& answers = done->at("files").as_array();
  for (std::size_t i = 0; i < files.size() && i < answers.size(); ++i) {
    const Json& answer = answers[i];
    if (answer.find("error") != nullptr) {
      bad.emplace_back(files[i].file.path, std::string(answer.at("error").at("message").as_string()));
      continue;
    }
    files[i].file.rows = answer.at("rows").as_int();
    files[i].file.row_group_rows.clear();
    for (const Json& rows : answer.at("row_group_rows").as_array()) {
      files[i].file.row_group_rows.push_back(rows.as_int());
    }
    files[i].info = part_info_from_json(answer.at("info"));
    good.push_back(std::move(files[i]));
  }
  co_return good;
}

asio::awaitable<Status> CollectionService::open() {
  std::vector<std::string> names;
  std::error_code error;
  if (fs::exists(options_.data_folder + "/parquet", error)) names.emplace_back(kDefaultCollection);
  for (const auto& entry : fs::directory_iterator(options_.data_folder + "/collections", error)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  // Grants name folders that are there: these always are.
  for (const char* folder : {"/parquet", "/collections", "/archive"}) {
    if (Status status = file::make_folder(options_.data_folder + folder); !status) co_return status;
  }
  std::vector<std::string> readable{options_.data_folder + "/parquet", options_.data_folder + "/collections"};
  datasets_.grant_folders(readable);
  readable.push_back(options_.data_folder + "/archive");
  tidy_.set_readable_paths(readable);
  maintain_.set_readable_paths(std::move(readable));
  ingest_.warm(kIngestProcessesWarm);
  if (Status status = schemas_.open(); !status) co_return status;
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
    if (Status status = co_await examine_all(**collection); !status) co_return status;
  }
  co_return Status();
}

// Everything that a folder says, and nothing else.
asio::awaitable<Status> CollectionService::examine_all(Collection& collection) {
  auto list_live = [folder = collection.folder] { return list_folder(folder); };
  auto listing = co_await on_thread(disk_, list_live);
  if (!listing) co_return Status(std::unexpected(listing.error()));
  auto list_archive = [folder = collection.archive] { return list_folder(folder); };
  auto archived = co_await on_thread(disk_, list_archive);
  if (!archived) co_return Status(std::unexpected(archived.error()));
  std::vector<std::pair<std::string, std::string>> bad;
  auto here = co_await examine(std::move(listing->files), false, bad);
  if (!here) co_return Status(std::unexpected(here.error()));
  auto there = co_await examine(std::move(archived->files), false, bad);
  if (!there) co_return Status(std::unexpected(there.error()));
  for (const auto& [path, what] : bad) log::error("collection {}: {}: {}", collection.name, path, what);
  // A file that cannot be read may be one that others only seem to make up for: nothing is deleted beside it.
  collection.keeps_all = !bad.empty();
  collection.archived = std::move(*there);
  collection.files = select_files(std::move(*here), collection.archived);
  collection.last_commit = collection.files.last_commit;
  Kinds before;
  for (const auto* files : {&std::as_const(collection.files.live), &std::as_const(collection.archived)}) {
    for (const CollectionFile& file : *files) {
      take_over(collection, file, before);
      before.merge(file.info.kinds);
    }
  }
  // The unfinished go first: once what they were made of is gone, they would count.
  std::vector<std::vector<std::string>> doomed{std::move(listing->leftovers)};
  if (!collection.keeps_all) {
    for (const CollectionFile& file : collection.files.unfinished) doomed[0].push_back(file.file.path);
    std::ranges::move(removal_order(collection.files.superseded), std::back_inserter(doomed));
  }
  collection.files.unfinished.clear();
  collection.files.superseded.clear();
  auto remove_all = [doomed, folder = collection.folder] { return remove_in_turn(doomed, folder); };
  Status removed = co_await on_thread(disk_, remove_all);
  if (!removed) co_return removed;
  if (Status renewed = co_await renew_keys(collection); !renewed) co_return renewed;
  if (!collection.files.live.empty() || collection.schema) publish(collection);
  log::info("collection {}: {} records in {} files, {} commits to merge", collection.name, collection.records(),
            collection.files.live.size(), collection.commit_count());
  co_return Status();
}

void CollectionService::supersede(Collection& collection, std::vector<CollectionFile> files) {
  for (CollectionFile& file : files) {
    collection.superseded.push_back({std::move(file.file.path), collection.version + 1, monotonic_ns()});
  }
}

// Removes files, one generation after the other, each for good before the next.
Status CollectionService::remove_in_turn(const std::vector<std::vector<std::string>>& generations,
                                         const std::string& folder) {
  for (const auto& paths : generations) {
    for (const std::string& path : paths) CANVASBACK_TRY(file::remove(path));
    if (!paths.empty()) CANVASBACK_TRY(file::sync_folder(folder));
  }
  return {};
}

// Files go once every version that lists them is gone (tasks under way hold theirs), and a while later: who copies the
// folder by hand may have listed it before the files that took their place were there.
asio::awaitable<void> CollectionService::delete_superseded(Collection& collection, std::int64_t grace_s) {
  if (collection.keeps_all) co_return;
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

asio::awaitable<Status> CollectionService::move_files(Collection& collection, std::vector<CollectionFile> files,
                                                      Names names, bool to_archive) {
  const std::string target = to_archive ? collection.archive : collection.folder;
  const std::string source = to_archive ? collection.folder : collection.archive;
  const auto held = co_await collection.lock->hold();
  collection.changing_names = true;
  ++collection.name_changes;
  auto move_all = [names, target, source]() -> Status {
    CANVASBACK_TRY(file::make_folder(target));
    for (const auto& [from, to] : names) {
      std::error_code error;
      if (fs::exists(to, error)) return Status(fail(ErrorCode::Unavailable, "There is such a file already.", to));
      CANVASBACK_TRY(file::rename(from, to));
    }
    // The new place before the old: a crash between leaves both names of a file, which counts once.
    CANVASBACK_TRY(file::sync_folder(target));
    return file::sync_folder(source);
  };
  Status status = co_await on_thread(house_, move_all);
  collection.changing_names = false;
  ++collection.name_changes;
  if (!status) co_return status;
  std::set<std::string> moved;
  for (const auto& [from, to] : names) moved.insert(from);
  auto& out_of = to_archive ? collection.files.live : collection.archived;
  auto& into = to_archive ? collection.archived : collection.files.live;
  std::erase_if(out_of, [&](const CollectionFile& file) { return moved.contains(file.file.path); });
  for (std::size_t i = 0; i < files.size(); ++i) {
    files[i].file.path = names[i].second;
    into.push_back(std::move(files[i]));
  }
  std::ranges::stable_sort(collection.files.live, {}, [](const CollectionFile& file) { return file.name.is_commit; });
  if (Status renewed = co_await renew_keys(collection); !renewed) co_return renewed;
  publish(collection);
  co_return Status();
}

asio::awaitable<Result<std::vector<std::string>>> CollectionService::archive_before(std::string name,
                                                                                    std::int64_t week_number) {
  using Out = Result<std::vector<std::string>>;
  // Commits may hold records of those weeks: they are merged first.
  auto compacted = co_await compact(name);
  if (!compacted) co_return Out(std::unexpected(compacted.error()));
  Collection& collection = *collections_.find(name)->second;
  co_await wait_for_merges(collection);
  std::vector<CollectionFile> files;
  Names names;
  std::vector<std::string> moved;
  for (const CollectionFile& file : collection.files.live) {
    if (file.name.is_commit || week_number_of(IsoWeek{file.name.year, file.name.week}) >= week_number) continue;
    moved.push_back(file_name(file.file.path));
    names.emplace_back(file.file.path, collection.archive + "/" + moved.back());
    files.push_back(file);
  }
  if (moved.empty()) co_return moved;
  collection.merging = collection.tidying = true;
  Status status = co_await move_files(collection, std::move(files), std::move(names), true);
  collection.merging = collection.tidying = false;
  if (!status) co_return Out(std::unexpected(status.error()));
  co_return moved;
}

asio::awaitable<Result<std::vector<std::string>>> CollectionService::restore(std::string name, std::int64_t first_week,
                                                                             std::int64_t last_week) {
  using Out = Result<std::vector<std::string>>;
  auto found = collections_.find(name);
  if (found == collections_.end()) {
    co_return Out(fail(ErrorCode::DatasetNotFound, fmt::format("There is no collection \"{}\".", name)));
  }
  Collection& collection = *found->second;
  // Records of a commit that was to keep older ones would give way to what comes back, although they came first.
  auto compacted = co_await compact(name);
  if (!compacted) co_return Out(std::unexpected(compacted.error()));
  co_await wait_for_merges(collection);
  std::vector<CollectionFile> files;
  Names names;
  std::vector<std::string> moved;
  for (const CollectionFile& file : collection.archived) {
    const std::int64_t week = week_number_of(IsoWeek{file.name.year, file.name.week});
    if (file.name.is_commit || week < first_week || week > last_week) continue;
    moved.push_back(file_name(file.file.path));
    names.emplace_back(file.file.path, collection.folder + "/" + moved.back());
    files.push_back(file);
  }
  if (moved.empty()) co_return moved;
  collection.merging = collection.tidying = true;
  Status status = co_await move_files(collection, std::move(files), std::move(names), false);
  collection.merging = collection.tidying = false;
  if (!status) co_return Out(std::unexpected(status.error()));
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
  // Held, so that no file of it goes meanwhile.
  const auto pinned = collection.published.empty() ? nullptr : collection.published.back().second.lock();
  Verified out;
  const std::vector<CollectionFile> files = collection.files.live;
  const auto all = static_cast<std::int64_t>(files.size());
  for (std::int64_t done = 0; done < all; ++done) {
    if (Status step = watch.step(done, all); !step) co_return Out(std::unexpected(step.error()));
    std::vector<CollectionFile> one(1, files[static_cast<std::size_t>(done)]);
    auto examined = co_await examine(std::move(one), true, out.problems);
    if (!examined) co_return Out(std::unexpected(examined.error()));
    out.files += examined->size();
    for (const CollectionFile& file : *examined) out.records += file.file.rows;
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
    std::set<Collection*> touched;
    for (const auto& [collection, path] : unsynced) {
      auto sync_file = [path]() -> Status {
        UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        return fd ? file::sync(fd.get(), path) : Status();  // merged and removed meanwhile
      };
      Status status = co_await on_thread(disk_, sync_file);
      if (!status) collection->stopped = status.error();
      touched.insert(collection);
    }
    for (Collection* collection : touched) {
      auto sync_names = [folder = collection->folder] { return file::sync_folder(folder); };
      Status status = co_await on_thread(disk_, sync_names);
      if (!status) collection->stopped = status.error();
    }
  }
}

void CollectionService::start_maintaining() {
  maintaining_ = true;
  asio::co_spawn(executor_, maintain(alive_), asio::detached);
  if (!options_.sync_each_commit) asio::co_spawn(executor_, sync_behind(alive_), asio::detached);
}

}  // namespace canvasback
