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
#include "service/dataset/inode_text.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kInspectTimeoutMs = 120'000;
constexpr std::uint64_t kInspectBytesPerMs = 5'000;  // that can be relied on, beyond that
constexpr std::uint64_t kQuickBytesMax = 32 * limits::kMiB;
constexpr std::chrono::seconds kGrownPeriod{10};  // a large file that grows is read anew so often
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

// Why there is no answer from files of which some cannot be read, where none is wanted then.
std::optional<Error> refusal_of(const DatasetEntry& entry, OnUnreadable on_unreadable) {
  if (on_unreadable != OnUnreadable::Fail || !entry.dataset || entry.dataset->left_out.empty()) return std::nullopt;
  const auto& left_out = entry.dataset->left_out;
  std::string message = fmt::format("{}: {}", left_out[0].path, left_out[0].reason);
  if (left_out.size() > 1) message += fmt::format(" (and {} more files)", left_out.size() - 1);
  return Error{ErrorCode::InvalidData, std::move(message), {}, {}, 0};
}

// The files of a dataset that an answer is without.
std::vector<std::string> left_out_by(const DatasetEntry& entry, OnUnreadable on_unreadable) {
  std::vector<std::string> out;
  if (on_unreadable == OnUnreadable::Skip) out = entry.left_out;
  if (on_unreadable == OnUnreadable::Fail || !entry.dataset) return out;
  for (const LeftOutFile& file : entry.dataset->left_out) out.push_back(file.path);
  return out;
}

bool is_text(const Dataset& dataset) { return dataset.kind == DatasetKind::Csv || dataset.kind == DatasetKind::Json; }

// Whether inspecting it takes seconds.
bool is_large(const Dataset& dataset) { return is_text(dataset) && dataset.bytes() > kQuickBytesMax; }

// Whether these are the same files of text, of which some have become longer: what was known of them is still so.
bool only_grew(const Dataset& before, const Dataset& now) {
  return is_text(now) && std::ranges::equal(before.files, now.files, [](const DataFile& old, const DataFile& file) {
           const bool is_longer = old.path == file.path && old.inode == file.inode && old.bytes < file.bytes;
           return is_longer || old.same_content(file);
         });
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

asio::awaitable<Status> DatasetService::add(std::vector<DatasetSource> sources, std::chrono::milliseconds wait_max) {
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
  const auto alive = alive_;
  const auto is_looked_at = [](const auto& entry) { return entry.second.is_looked_at; };
  asio::steady_timer end(executor_, wait_max);
  end.async_wait([this, alive](const boost::system::error_code& error) {
    if (!error && *alive) looked_.notify();
  });
  while (*alive && std::ranges::any_of(entries_, is_looked_at) && std::chrono::steady_clock::now() < end.expiry()) {
    co_await looked_.wait();
  }
  co_return Status();
}

std::optional<double> DatasetEntry::share_prepared() const {
  if (preparing == nullptr) return std::nullopt;
  return std::clamp(preparing->progress().at("share").as_double(), 0.0, 1.0);
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
  std::vector<std::string> large;
  int tries = 0;
  do {  // also without a name: folders that were granted are to be readable
    left = co_await look_once(std::move(left), large);
    if (!*alive) co_return;
  } while (!left.empty() && ++tries < kListingsMax);
  for (const std::string& name : large) {
    std::erase(names, name);
    asio::co_spawn(executor_, inspect_large(name, began_ns), asio::detached);
  }
  for (const std::string& name : names) end_look(name, began_ns);
  looked_.notify();
}

void DatasetService::end_look(const std::string& name, std::int64_t began_ns) {
  DatasetEntry& entry = entries_.at(name);
  entry.is_looked_at = false;
  entry.listed_ns = began_ns;
}

asio::awaitable<void> DatasetService::inspect_large(std::string name, std::int64_t began_ns) {
  const auto alive = alive_;
  while (large_runs_) {
    co_await looked_.wait();
    if (!*alive) co_return;
  }
  large_runs_ = true;
  co_await inspect(name);
  if (!*alive) co_return;
  large_runs_ = false;
  end_look(name, began_ns);
  looked_.notify();
}

// Lists them, lets workers read what is there now, and has looked into what is new, but for those of which much has to
// be read. Gives those that changed meanwhile.
asio::awaitable<std::vector<std::string>> DatasetService::look_once(std::vector<std::string> names,
                                                                    std::vector<std::string>& large) {
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
    if (is_large(listed_.at(name))) {
      large.push_back(name);
      continue;
    }
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
  if (known != listed_.end() && entry.dataset && is_large(*listed) && only_grew(known->second, *listed) &&
      monotonic_ns() - entry.inspected_ns < std::chrono::nanoseconds(kGrownPeriod).count()) {
    co_return false;
  }
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
  task.work = InspectWork{listed_.at(name)};
  task.timeout_ms = kInspectTimeoutMs + static_cast<std::int64_t>(listed_.at(name).bytes() / kInspectBytesPerMs);
  task.received_ns = monotonic_ns();
  Stopwatch watch;
  auto run = co_await pool_.submit(std::move(task), {}, Lane::Inspect, false, CancelToken());
  Result<Dataset> inspected = run ? fail(ErrorCode::DataProcessing, "The dataset was not inspected.")
                                  : Result<Dataset>(std::unexpected(run.error()));
  if (run) {
    entries_.at(name).preparing = run->get();
    entries_.at(name).inspected_ns = monotonic_ns();
    while (true) {
      TaskEvent event = co_await (*run)->next();
      if (event.kind == TaskEvent::Kind::Failed) inspected = std::unexpected(event.error);
      if (event.kind == TaskEvent::Kind::Done) inspected = dataset_from_json(event.info.at("dataset"));
      if (event.kind == TaskEvent::Kind::Failed || event.kind == TaskEvent::Kind::Done) break;
    }
  }
  if (!*alive) co_return;
  DatasetEntry& entry = entries_.at(name);
  entry.preparing = nullptr;
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
  keep_held_of(listed_.at(name), *entry.dataset);
  pool_.held().follow(entry.dataset);
  log::info("dataset {}: {} files, {} rows, {} columns, read in {:.0f} ms", name, entry.dataset->files.size(),
            entry.dataset->rows, entry.dataset->columns.size(), watch.elapsed_ms());
}

// Descriptors stand in the order of the dataset's files: those of files that it is without go.
void DatasetService::keep_held_of(const Dataset& listed, const Dataset& dataset) {
  const HeldDescriptors* held = pool_.held().find(dataset.name, dataset.version);
  if (held == nullptr || dataset.left_out.empty()) return;
  HeldDescriptors kept;
  for (std::size_t i = 0; i < listed.files.size(); ++i) {
    const bool is_there = std::ranges::binary_search(dataset.files, listed.files[i].path, {}, &DataFile::path);
    if (is_there) kept.push_back(held->at(i));
  }
  pool_.held().put(dataset, std::move(kept));
}

asio::awaitable<Status> DatasetService::read_as(std::string name, TextSettings settings) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) co_return Status(std::unexpected(find(name).error()));
  const auto listed = listed_.find(name);
  const bool is_text =
      listed != listed_.end() && (listed->second.kind == DatasetKind::Csv || listed->second.kind == DatasetKind::Json);
  if (found->second.is_put || (listed != listed_.end() && !is_text)) {
    co_return Status(fail(ErrorCode::InvalidData,
                          fmt::format("\"{}\" is no CSV or JSON: how text is read means nothing for it.", name)));
  }
  const TextSettings before = std::exchange(found->second.source.text, std::move(settings));
  std::optional<Error> why;
  for (int tries = 0; tries < 2; ++tries) {
    entries_.at(name).inspected_ns = 0;  // one that only grew would not be read yet
    std::vector<std::string> names(1, name);
    co_await look(std::move(names), monotonic_ns());
    const auto looked = entries_.find(name);
    if (why || looked == entries_.end() || !looked->second.error) break;
    why = looked->second.error;
    looked->second.source.text = before;
  }
  if (why) co_return Status(std::unexpected(std::move(*why)));
  co_return Status();
}

void DatasetService::put(std::shared_ptr<const Dataset> dataset) {
  DatasetEntry& entry = entries_[dataset->name];
  pool_.gone().erase(dataset->name);
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

void DatasetService::drop(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || !found->second.is_put) return;
  pool_.gone().emplace(name);
  entries_.erase(found);
}

void DatasetService::grant_folders(std::vector<std::string> folders) {
  for (std::string& folder : folders) {
    if (std::ranges::find(granted_folders_, folder) == granted_folders_.end()) {
      granted_folders_.push_back(std::move(folder));
    }
  }
  update_grants();
}

void DatasetService::update_grants() {
  std::vector<std::string> paths = granted_folders_;
  std::vector<std::string> given;
  std::string fingerprint;
  for (const std::string& folder : granted_folders_) fingerprint += inode_text(folder);
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
      fingerprint += inode_text(path);
      paths.push_back(std::move(path));
    }
  }
  pool_.set_grants(std::move(paths), std::move(given), std::move(fingerprint));
}

void DatasetService::watch_on(Schedule& schedule) {
  schedule.every(limits::kDatasetRefreshPeriod, [this] { return refresh(); });
}

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
  const DatasetEntry& entry = found->second;
  if (auto error = refusal_of(entry, on_unreadable)) return std::unexpected(std::move(*error));
  if (entry.dataset) return entry.dataset;
  if (on_unreadable == OnUnreadable::Skip && entry.readable_rest) return entry.readable_rest;
  if (entry.error) return std::unexpected(*entry.error);
  const auto share = entry.share_prepared();
  const std::string done = share ? fmt::format(" ({} % so far)", static_cast<int>(*share * 100)) : "";
  return fail(Error{ErrorCode::Unavailable, fmt::format("Dataset \"{}\" is being read{}.", name, done), {}, {}, 1});
}

std::vector<std::shared_ptr<const Dataset>> DatasetService::readable(OnUnreadable on_unreadable) const {
  std::vector<std::shared_ptr<const Dataset>> out;
  for (const auto& [name, entry] : entries_) {
    if (entry.dataset && !refusal_of(entry, on_unreadable)) out.push_back(entry.dataset);
    const bool skips = on_unreadable == OnUnreadable::Skip && !entry.dataset;
    if (skips && entry.readable_rest) out.push_back(entry.readable_rest);
  }
  return out;
}

std::vector<std::string> DatasetService::left_out_of(std::string_view name, OnUnreadable on_unreadable) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? std::vector<std::string>() : left_out_by(found->second, on_unreadable);
}

std::vector<std::string> DatasetService::left_out_of_sql(std::string_view sql, OnUnreadable on_unreadable) const {
  std::vector<std::string> out;
  const std::string text = lower(sql);
  for (const auto& [name, entry] : entries_) {
    const std::vector<std::string> some = left_out_by(entry, on_unreadable);
    if (!some.empty() && names(text, name)) out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

std::vector<std::string> DatasetService::closed(OnUnreadable on_unreadable) const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : entries_) {
    const bool is_open = entry.dataset || (on_unreadable == OnUnreadable::Skip && entry.readable_rest);
    if ((!is_open && entry.error) || refusal_of(entry, on_unreadable)) out.push_back(name);
  }
  return out;
}

std::optional<Error> DatasetService::why_closed(std::string_view name, OnUnreadable on_unreadable) const {
  for (const std::string& known : closed(on_unreadable)) {
    if (lower(known) != lower(name)) continue;
    const DatasetEntry& entry = entries_.find(known)->second;
    return entry.dataset ? refusal_of(entry, on_unreadable) : entry.error;
  }
  return std::nullopt;
}

}  // namespace canvasback
