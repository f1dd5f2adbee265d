// The part of CollectionService that makes sure of the bytes of its files: before they are moved or copied, in the
// background once after the start, and on a schedule (the scrub). Nothing is parsed here: a worker reads and compares.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "service/collection/collection_listing.hpp"
#include "service/collection/collection_service.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"
#include "storage/file_identity.hpp"

namespace canvasback {
namespace {

constexpr std::chrono::milliseconds kCheckPeriod{500};
constexpr std::int64_t kHourUs = 3'600'000'000;

bool is_as_listed(const DataFile& file) {
  struct stat info {};
  return ::lstat(file.path.c_str(), &info) == 0 && has_identity(file, info);
}

}  // namespace

asio::awaitable<Status> CollectionService::check_file(DataFile file, int fd) {
  CheckWork work;
  work.files.name = "checked";
  work.files.files.push_back(std::move(file));
  work.given = fd >= 0;
  const std::string path = work.files.files[0].path;
  Task task;
  task.work = std::move(work);
  RolePool::OpenFile given = [fd, path](const Json&) -> Result<UniqueFd> {
    UniqueFd theirs(fd < 0 ? -1 : ::dup(fd));
    if (!theirs) return std::unexpected(file::error_from(errno, "opened", path));
    return theirs;
  };
  CancelToken never;
  // Somebody waits for this, and a large merge may take long.
  RolePool& pool = maintain_.running() + maintain_.waiting() == 0 ? maintain_ : tidy_;
  auto submitted = co_await pool.submit(std::move(task), std::move(given), never);
  if (!submitted) co_return Status(std::unexpected(submitted.error()));
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Status(std::unexpected(done.error()));
  co_return Status();
}

asio::awaitable<Status> CollectionService::check_all(const std::vector<CollectionFile>& files) {
  for (const CollectionFile& file : files) {
    if (Status checked = co_await check_file(file.file); !checked) co_return checked;
    checks_.passed(file.file.path, file.file.changed_ns);
  }
  co_return Status();
}

std::vector<std::string> CollectionService::unchecked(
    const std::vector<std::shared_ptr<const Dataset>>& datasets) const {
  return checks_.unchecked_of(datasets);
}

void CollectionService::take_checked(const Json& checked) {
  for (const Json& entry : checked.as_array()) {
    checks_.passed(std::string(entry.at("path").as_string()), entry.at("changed_ns").as_int());
  }
}

std::vector<std::pair<std::string, DataFile>> CollectionService::all_files() const {
  std::vector<std::pair<std::string, DataFile>> out;
  for (const auto& [name, collection] : collections_) {
    if (collection->is_scratch) continue;
    for (const auto* files : {&std::as_const(collection->files.live), &std::as_const(collection->archived)}) {
      for (const CollectionFile& file : *files) out.emplace_back(name, file.file);
    }
  }
  return out;
}

// A file of the background's: what comes of it is noted, and logged where it is bad.
asio::awaitable<void> CollectionService::check_one(std::string collection, DataFile file) {
  Status checked = co_await check_file(file);
  if (checked) {
    checks_.passed(file.path, file.changed_ns);
    co_return;
  }
  const ErrorCode code = checked.error().code;
  auto listed = [&file] { return is_as_listed(file); };
  const bool same = co_await on_thread(house_, listed);
  // It was merged, moved or touched meanwhile; or the worker had no time or memory for it.
  if (!same || code != ErrorCode::InvalidData) co_return;
  log::error("collection {}: {}", collection, checked.error().message);
  checks_.found_damaged(file, {std::move(collection), checked.error().message});
}

asio::awaitable<void> CollectionService::remember_checks() {
  std::vector<DataFile> files;
  for (auto& [collection, file] : all_files()) files.push_back(std::move(file));
  auto write = [text = checks_.text(files), path = checks_.path()] { return file::replace(path, text); };
  Status written = co_await on_thread(house_, write);
  if (!written) log::warning("what was checked is not remembered: {}", written.error().message);
}

// First what nobody has checked, a file at a time; then, when it is due, everything. A query does not wait for this: it
// checks what it is about to read itself.
asio::awaitable<void> CollectionService::check_in_background(std::shared_ptr<bool> alive) {
  asio::steady_timer timer(executor_);
  bool fresh = false;  // something to remember
  while (true) {
    timer.expires_after(kCheckPeriod);
    co_await timer.async_wait(kAwait);
    if (!*alive || stopping_) co_return;
    const std::int64_t now_us = wall_us();
    // A clock that was set back makes it due.
    const std::int64_t last_us = checks_.scrubbed_us();
    const bool is_old = last_us == 0 || last_us > now_us || now_us - last_us >= options_.scrub_every_h * kHourUs;
    const bool is_due = options_.scrub_every_h > 0 && is_old;
    const std::vector<std::string> waiting = checks_.waiting();
    if (waiting.empty() && !is_due) {
      if (std::exchange(fresh, false)) co_await remember_checks();
      continue;
    }
    const auto files = all_files();
    for (const std::string& path : waiting) {
      if (std::ranges::none_of(files, [&](const auto& entry) { return entry.second.path == path; })) {
        checks_.forget(path);
      }
    }
    scrubbing_ = is_due;
    for (const auto& [collection, file] : files) {
      if (!is_due && std::ranges::find(waiting, file.path) == waiting.end()) continue;
      while (maintain_.running() + maintain_.waiting() > 0 && !stopping_) {  // merges go first
        timer.expires_after(kCheckPeriod);
        co_await timer.async_wait(kAwait);
        if (!*alive) co_return;
      }
      if (stopping_) co_return;
      co_await check_one(collection, file);
      if (!*alive || stopping_) co_return;
    }
    fresh = true;
    if (is_due) checks_.set_scrubbed(wall_us());
    scrubbing_ = false;
  }
}

asio::awaitable<void> CollectionService::notice_all_changes() {
  std::vector<Collection*> all;
  for (const auto& [name, collection] : collections_) all.push_back(collection.get());
  for (Collection* collection : all) co_await notice_moves(*collection);
}

}  // namespace canvasback
