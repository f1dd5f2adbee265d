#include "service/dataset/dataset_service.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/error_log.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kInspectTimeoutMs = 120'000;

bool is_word(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); }

// Whether a statement has the name in it as a word, in any case of the letters; `sql` in small ones.
bool names(std::string_view sql, std::string_view name) {
  const std::string wanted = lower(name);
  for (std::size_t at = sql.find(wanted); at != std::string_view::npos; at = sql.find(wanted, at + 1)) {
    const std::size_t end = at + wanted.size();
    if ((at == 0 || !is_word(sql[at - 1])) && (end == sql.size() || !is_word(sql[end]))) return true;
  }
  return false;
}

asio::awaitable<Result<Dataset>> list_on(DatasetSource source) { co_return list_files(source); }

// Whether a file was written into, or another put in its place, with the time of its content kept.
bool was_rewritten(const Dataset& before, const Dataset& now) {
  return std::ranges::any_of(now.files, [&](const DataFile& file) {
    const auto old = std::ranges::lower_bound(before.files, file.path, {}, &DataFile::path);
    return old != before.files.end() && old->path == file.path && old->modified_ns == file.modified_ns &&
           !old->same_content(file);
  });
}

}  // namespace

DatasetService::DatasetService(asio::any_io_executor executor, Pool& pool)
    : executor_(std::move(executor)), pool_(pool) {}

DatasetService::~DatasetService() {
  *alive_ = false;
  listing_.stop();
}

asio::awaitable<Status> DatasetService::add(std::vector<DatasetSource> sources) {
  for (DatasetSource& source : sources) {
    const std::string name = source.name;
    auto [entry, added] = entries_.try_emplace(name);
    if (!added) {
      co_return Status(fail(ErrorCode::InvalidData,
                            fmt::format("Two datasets are called \"{}\"; name one of them with name=path.", name)));
    }
    entry->second.source = std::move(source);
  }
  co_await refresh();
  co_return Status();
}

asio::awaitable<void> DatasetService::refresh() {
  if (refreshing_) co_return;
  refreshing_ = true;
  std::vector<std::string> changed;
  bool rewritten = false;
  for (auto& [name, entry] : entries_) {
    if (entry.is_put) continue;
    auto listed = co_await asio::co_spawn(listing_, list_on(entry.source), asio::use_awaitable);
    if (!listed) {
      if (!entry.error || entry.error->message != listed.error().message) {
        log::warning("dataset {}: {}", name, listed.error().message);
      }
      entry.error = listed.error();
      entry.dataset.reset();
      listed_.erase(name);
      continue;
    }
    const auto known = listed_.find(name);
    if (known != listed_.end() && known->second.version == listed->version) continue;
    rewritten = rewritten || (known != listed_.end() && was_rewritten(known->second, *listed));
    listed_.insert_or_assign(name, std::move(*listed));
    changed.push_back(name);
  }
  // An engine keeps the footers of files by path and that time: only one that was started since reads such a file anew.
  if (rewritten) pool_.set_grants(granted_folders_, fmt::format("rewritten {}", monotonic_ns()));
  update_grants();
  for (const std::string& name : changed) co_await refresh_one(name);
  refreshing_ = false;
}

asio::awaitable<void> DatasetService::refresh_one(std::string name) {
  Task task;
  task.work = InspectWork{listed_.at(name)};
  task.timeout_ms = kInspectTimeoutMs;
  task.received_ns = monotonic_ns();
  Stopwatch watch;
  auto run = co_await pool_.submit(std::move(task), {}, Lane::Inspect, false, CancelToken());
  Result<Dataset> inspected = run ? fail(ErrorCode::DataProcessing, "The dataset was not inspected.")
                                  : Result<Dataset>(std::unexpected(run.error()));
  if (run) {
    while (true) {
      TaskEvent event = co_await (*run)->next();
      if (event.kind == TaskEvent::Kind::Failed) inspected = std::unexpected(event.error);
      if (event.kind == TaskEvent::Kind::Done) inspected = dataset_from_json(event.info.at("dataset"));
      if (event.kind == TaskEvent::Kind::Failed || event.kind == TaskEvent::Kind::Done) break;
    }
  }
  DatasetEntry& entry = entries_.at(name);
  if (!inspected) {
    log::warning("dataset {}: {}", name, for_log(inspected.error()));
    entry.error = inspected.error();
    entry.dataset.reset();
    // A busy server is no property of the files: look again at the next refresh.
    if (inspected.error().code == ErrorCode::TooManyRequests || inspected.error().code == ErrorCode::Unavailable)
      listed_.erase(name);
    co_return;
  }
  entry.error.reset();
  entry.dataset = std::make_shared<const Dataset>(std::move(*inspected));
  log::info("dataset {}: {} files, {} rows, {} columns, read in {:.0f} ms", name, entry.dataset->files.size(),
            entry.dataset->rows, entry.dataset->columns.size(), watch.elapsed_ms());
}

void DatasetService::put(std::shared_ptr<const Dataset> dataset) {
  DatasetEntry& entry = entries_[dataset->name];
  entry.is_put = true;
  entry.source.name = dataset->name;
  entry.dataset = std::move(dataset);
  entry.error.reset();
  entry.readable_rest.reset();
  entry.left_out.clear();
}

void DatasetService::put_unreadable(std::shared_ptr<const Dataset> rest, std::vector<std::string> left_out,
                                    Error error) {
  DatasetEntry& entry = entries_[rest->name];
  entry.is_put = true;
  entry.source.name = rest->name;
  entry.dataset.reset();
  entry.error = std::move(error);
  entry.readable_rest = std::move(rest);
  entry.left_out = std::move(left_out);
}

void DatasetService::grant_folders(std::vector<std::string> folders) { granted_folders_ = std::move(folders); }

void DatasetService::update_grants() {
  std::vector<std::string> paths = granted_folders_;
  std::string fingerprint;
  for (const auto& [name, dataset] : listed_) {
    for (const std::string& path : readable_paths(entries_.at(name).source, dataset)) {
      // A rule of the sandbox is bound to an inode: a file or folder replaced by another needs a new grant.
      struct stat info {};
      if (::stat(path.c_str(), &info) == 0) fingerprint += fmt::format("{}:{}:{}\n", path, info.st_dev, info.st_ino);
      paths.push_back(path);
    }
  }
  pool_.set_grants(std::move(paths), std::move(fingerprint));
}

asio::awaitable<void> DatasetService::watch(std::shared_ptr<bool> alive) {
  asio::steady_timer timer(executor_);
  while (true) {
    timer.expires_after(limits::kDatasetRefreshPeriod);
    co_await timer.async_wait(kAwait);
    if (!*alive) co_return;
    co_await refresh();
  }
}

void DatasetService::start_watching() { asio::co_spawn(executor_, watch(alive_), asio::detached); }

Result<std::shared_ptr<const Dataset>> DatasetService::find(std::string_view name, OnUnreadable on_unreadable) const {
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    return fail(ErrorCode::DatasetNotFound, fmt::format("There is no dataset \"{}\".", name.substr(0, 128)));
  }
  if (found->second.dataset) return found->second.dataset;
  if (on_unreadable == OnUnreadable::Skip && found->second.readable_rest) return found->second.readable_rest;
  if (found->second.error) return std::unexpected(*found->second.error);
  return fail(Error{ErrorCode::Unavailable, fmt::format("Dataset \"{}\" is being read.", name), {}, {}, 1});
}

std::vector<std::shared_ptr<const Dataset>> DatasetService::readable(OnUnreadable on_unreadable) const {
  std::vector<std::shared_ptr<const Dataset>> out;
  for (const auto& [name, entry] : entries_) {
    if (entry.dataset) out.push_back(entry.dataset);
    const bool skips = on_unreadable == OnUnreadable::Skip && !entry.dataset;
    if (skips && entry.readable_rest) out.push_back(entry.readable_rest);
  }
  return out;
}

std::vector<std::string> DatasetService::left_out_of(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? std::vector<std::string>() : found->second.left_out;
}

std::vector<std::string> DatasetService::left_out_of_sql(std::string_view sql) const {
  std::vector<std::string> out;
  const std::string text = lower(sql);
  for (const auto& [name, entry] : entries_) {
    if (entry.left_out.empty() || !names(text, name)) continue;
    out.insert(out.end(), entry.left_out.begin(), entry.left_out.end());
  }
  return out;
}

std::optional<Error> DatasetService::unreadable_in(std::string_view sql) const {
  const std::string text = lower(sql);
  for (const auto& [name, entry] : entries_) {
    if (entry.readable_rest && names(text, name)) return entry.error;
  }
  return std::nullopt;
}

}  // namespace canvasback
