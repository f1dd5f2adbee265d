#include "service/collection/file_scrub.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"
#include "storage/file_identity.hpp"

namespace canvasback {
namespace {

constexpr std::chrono::milliseconds kMergePause{500};  // between looks whether a large merge has ended
constexpr std::int64_t kHourUs = 3'600'000'000;

bool is_as_listed(const DataFile& file) {
  struct stat info {};
  return ::lstat(file.path.c_str(), &info) == 0 && has_identity(file, info);
}

}  // namespace

std::vector<std::string> FileScrub::unchecked(const std::vector<std::shared_ptr<const Dataset>>& datasets) const {
  return checks_.unchecked_of(datasets);
}

void FileScrub::take_checked(const Json& checked) {
  for (const Json& entry : checked.as_array()) {
    checks_.passed(std::string(entry.at("path").as_string()), entry.at("changed_ns").as_int());
  }
}

asio::awaitable<Status> FileScrub::check_all(const std::vector<CollectionFile>& files) {
  for (const CollectionFile& file : files) {
    Status checked = co_await examiner_.check_bytes(file.file);
    if (!checked) co_return checked;
    checks_.passed(file.file.path, file.file.changed_ns);
  }
  co_return Status();
}

// What comes of a file is noted, and logged where it is bad.
asio::awaitable<void> FileScrub::check_one(std::string collection, DataFile file) {
  Status checked = co_await examiner_.check_bytes(file);
  if (checked) {
    checks_.passed(file.path, file.changed_ns);
    co_return;
  }
  const ErrorCode code = checked.error().code;
  auto listed = [&file] { return is_as_listed(file); };
  const bool same = co_await on_thread(context_.maintenance_io, listed);
  // It was merged, moved or touched meanwhile; or the worker had no time or memory for it.
  if (!same || code != ErrorCode::InvalidData) co_return;
  log::error("collection {}: {}", collection, checked.error().message);
  checks_.found_damaged(file, {std::move(collection), checked.error().message});
}

asio::awaitable<void> FileScrub::remember() {
  std::vector<DataFile> files;
  for (auto& [collection, file] : registry_.all_files()) files.push_back(std::move(file));
  auto write = [text = checks_.text(files), path = checks_.path()] { return file::replace(path, text); };
  Status written = co_await on_thread(context_.maintenance_io, write);
  if (!written) log::warning("what was checked is not remembered: {}", written.error().message);
}

bool FileScrub::is_due() const {
  const std::int64_t now_us = wall_us();
  const std::int64_t last_us = checks_.scrubbed_us();
  const std::int64_t period_us = context_.options.scrub_every_h * kHourUs;
  // A clock that was set back makes it due.
  return period_us > 0 && (last_us == 0 || last_us > now_us || now_us - last_us >= period_us);
}

asio::awaitable<void> FileScrub::look() {
  if (context_.stopping()) co_return;
  const bool due = is_due();
  const std::vector<std::string> waiting = checks_.waiting();
  if (waiting.empty() && !due) {
    if (std::exchange(fresh_, false)) co_await remember();
    co_return;
  }
  const Files files = registry_.all_files();
  for (const std::string& path : waiting) {
    if (std::ranges::none_of(files, [&](const auto& entry) { return entry.second.path == path; })) checks_.forget(path);
  }
  running_ = due;
  const bool ended = co_await check_some(files, due, waiting);
  if (!ended) co_return;
  fresh_ = true;
  if (due) checks_.set_scrubbed(wall_us());
  running_ = false;
}

// All of them, or those that wait. False where the program ends.
asio::awaitable<bool> FileScrub::check_some(const Files& files, bool all, const std::vector<std::string>& waiting) {
  const Pool& merges = context_.pools.large;
  for (const auto& [collection, file] : files) {
    if (!all && std::ranges::find(waiting, file.path) == waiting.end()) continue;
    while (merges.running() + merges.waiting() > 0 && !context_.stopping()) {
      const bool goes_on = co_await context_.schedule.sleep(kMergePause);
      if (!goes_on) co_return false;
    }
    if (context_.stopping()) co_return false;
    co_await check_one(collection, file);
    if (context_.stopping()) co_return false;
  }
  co_return true;
}

}  // namespace canvasback
