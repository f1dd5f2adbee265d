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
constexpr std::chrono::milliseconds kLookAgainAfter{200};
constexpr int kListingsMax = 4;  // of one look, where files change between being listed and being opened

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
    : executor_(executor), pool_(pool), looked_(std::move(executor)) {}

DatasetService::~DatasetService() {
  *alive_ = false;
  listing_.stop();
}

asio::awaitable<Status> DatasetService::add(std::vector<DatasetSource> sources) {
  for (DatasetSource& source : sources) {
    const std::string name = source.name;
    if (const std::string known = name_like(name); !known.empty()) {
      const std::string also = known == name ? "" : fmt::format(" (\"{}\" in SQL, too)", known);
      co_return Status(
          fail(ErrorCode::InvalidData,
               fmt::format("Two datasets are called \"{}\"{}; name one of them with name=path.", name, also)));
    }
    entries_[name].source = std::move(source);
  }
  co_await refresh();
  co_return Status();
}

asio::awaitable<void> DatasetService::refresh() {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (!entry.is_put && !entry.is_looked_at) names.push_back(name);
  }
  co_await look_at(std::move(names));
}

asio::awaitable<void> DatasetService::look(std::vector<std::string> names, std::int64_t since_ns) {
  const auto alive = alive_;
  while (*alive) {
    std::vector<std::string> old;
    bool others_look = false;
    for (const std::string& name : names) {
      const auto found = entries_.find(name);
      if (found == entries_.end() || found->second.is_put || found->second.listed_ns >= since_ns) continue;
      others_look = others_look || found->second.is_looked_at;
      if (!found->second.is_looked_at) old.push_back(name);
    }
    if (!old.empty()) {
      co_await look_at(std::move(old));
    } else if (others_look) {
      co_await looked_.wait();
    } else {
      co_return;
    }
  }
}

asio::awaitable<void> DatasetService::look_if_few(std::string name) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second.is_put) co_return;
  const DatasetEntry& entry = found->second;
  const std::int64_t now_ns = monotonic_ns();
  if (entry.dataset && entry.dataset->files.size() > kHeldFilesOfDatasetMax) co_return;
  if (!entry.dataset && now_ns - entry.listed_ns < std::chrono::nanoseconds(kLookAgainAfter).count()) co_return;
  std::vector<std::string> names(1, std::move(name));
  co_await look(std::move(names), now_ns);
}

asio::awaitable<void> DatasetService::look_at(std::vector<std::string> names) {
  const auto alive = alive_;
  for (const std::string& name : names) entries_.at(name).is_looked_at = true;
  const std::int64_t began_ns = monotonic_ns();
  std::vector<std::string> left = names;
  int tries = 0;
  do {  // also without a name: folders that were granted are to be readable
    left = co_await look_once(std::move(left));
    if (!*alive) co_return;
  } while (!left.empty() && ++tries < kListingsMax);
  for (const std::string& name : names) {
    DatasetEntry& entry = entries_.at(name);
    entry.is_looked_at = false;
    entry.listed_ns = began_ns;
  }
  looked_.notify();
}

// Lists them, lets workers read what is there now, and has looked into what is new. Gives those that changed meanwhile.
asio::awaitable<std::vector<std::string>> DatasetService::look_once(std::vector<std::string> names) {
  const auto alive = alive_;
  std::vector<std::string> changed;
  std::vector<std::string> again;
  bool rewritten = false;
  for (const std::string& name : names) {
    const bool is_new = co_await list_again(name, rewritten);
    if (!*alive) co_return again;
    if (is_new) changed.push_back(name);
  }
  // An engine keeps the footers of files by path and that time: only one that was started since reads such a file anew.
  if (rewritten) pool_.set_grants(granted_folders_, {}, fmt::format("rewritten {}", monotonic_ns()));
  update_grants();
  for (const std::string& name : changed) {
    co_await inspect(name);
    if (!*alive) co_return again;
    const auto& error = entries_.at(name).error;
    if (error && error->code == ErrorCode::Unavailable) again.push_back(name);
  }
  co_return again;
}

asio::awaitable<DatasetService::Listing> DatasetService::list_on(DatasetSource source, bool may_hold) {
  bool changed = true;
  Listing out{list_files(source), {}};
  for (int i = 1; may_hold && out.dataset && may_be_held(*out.dataset) && changed; ++i) {
    changed = false;
    out.held = open_held(*out.dataset, changed);
    if (!changed || i == kListingsMax) break;
    out.dataset = list_files(source);
  }
  co_return out;
}

// Whether it is another version than the one that was listed before.
asio::awaitable<bool> DatasetService::list_again(const std::string& name, bool& rewritten) {
  const auto alive = alive_;
  const DatasetSource source = entries_.at(name).source;
  const bool may_hold = pool_.held().has_room_for(name, kHeldFilesOfDatasetMax);
  auto [listed, held] = co_await asio::co_spawn(listing_, list_on(source, may_hold), asio::use_awaitable);
  if (!*alive) co_return false;
  DatasetEntry& entry = entries_.at(name);
  if (!listed) {
    if (!entry.error || entry.error->message != listed.error().message) {
      log::warning("dataset {}: {}", name, listed.error().message);
    }
    entry.error = listed.error();
    entry.dataset.reset();
    listed_.erase(name);
    pool_.held().drop(name);
    co_return false;
  }
  const auto known = listed_.find(name);
  if (known != listed_.end() && known->second.version == listed->version) co_return false;
  rewritten = rewritten || (known != listed_.end() && was_rewritten(known->second, *listed));
  if (held.empty()) {
    pool_.held().drop(name);
  } else {
    pool_.held().put(*listed, std::move(held));
  }
  listed_.insert_or_assign(name, std::move(*listed));
  co_return true;
}

asio::awaitable<void> DatasetService::inspect(std::string name) {
  const auto alive = alive_;
  Task task;
  task.kind = TaskKind::Inspect;
  task.dataset = name;
  task.inspected = listed_.at(name);
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
  if (!*alive) co_return;
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
  pool_.held().follow(entry.dataset);
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
  std::vector<std::string> given;
  std::string fingerprint;
  for (const auto& [name, dataset] : listed_) {
    const DatasetEntry& entry = entries_.at(name);
    const bool is_held = pool_.held().find(name, dataset.version) != nullptr;
    // What is answered from until the listed version has been looked into.
    if (entry.dataset && entry.dataset->version != dataset.version) {
      for (std::string& path : readable_paths(entry.source, *entry.dataset)) given.push_back(std::move(path));
    }
    for (std::string& path : readable_paths(entry.source, dataset)) {
      if (is_held) {
        given.push_back(std::move(path));
        continue;
      }
      // A rule of the sandbox is bound to an inode: a file or folder replaced by another needs a new grant.
      struct stat info {};
      if (::stat(path.c_str(), &info) == 0) fingerprint += fmt::format("{}:{}:{}\n", path, info.st_dev, info.st_ino);
      paths.push_back(std::move(path));
    }
  }
  pool_.set_grants(std::move(paths), std::move(given), std::move(fingerprint));
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

std::string DatasetService::name_like(std::string_view name) const {
  const std::string wanted = lower(name);
  for (const auto& [known, entry] : entries_) {
    if (lower(known) == wanted) return known;
  }
  return {};
}

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

std::vector<std::string> DatasetService::closed(OnUnreadable on_unreadable) const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : entries_) {
    const bool is_open = entry.dataset || (on_unreadable == OnUnreadable::Skip && entry.readable_rest);
    if (!is_open && entry.error) out.push_back(name);
  }
  return out;
}

std::optional<Error> DatasetService::why_closed(std::string_view name, OnUnreadable on_unreadable) const {
  for (const std::string& known : closed(on_unreadable)) {
    if (lower(known) == lower(name)) return entries_.find(known)->second.error;
  }
  return std::nullopt;
}

}  // namespace canvasback
