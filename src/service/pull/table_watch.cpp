#include "service/pull/table_watch.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/log.hpp"
#include "service/pull/table_store.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::seconds kTableLookPeriod{1};

std::string identity_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return fmt::format("{}-{}-{}.{}", info.st_ino, info.st_size, info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
}

}  // namespace

// Those whose state file is new or another one than before.
std::vector<TableWatch::Found> TableWatch::list() const {
  std::vector<Found> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(tables_folder(data_folder_), error)) {
    const std::string folder = entry.path().string();
    Found found{entry.path().filename().string(), identity_of(folder + "/" + kTableStateFile), {}, {}};
    const auto known = tables_.find(found.name);
    if (found.identity.empty() || (known != tables_.end() && known->second.identity == found.identity)) continue;
    found.table = read_table(folder);
    if (found.table && found.table->is_loaded()) found.dataset = dataset_of(*found.table, folder);
    out.push_back(std::move(found));
  }
  return out;
}

void TableWatch::take(Found found) {
  Entry& entry = tables_[found.name];
  entry.identity = found.identity;
  entry.error.reset();
  if (!found.table) {
    entry.error = found.table.error();
  } else {
    entry.table = std::move(*found.table);
    entry.rows = entry.table.rows();
    entry.bytes = 0;
    for (const PulledPart& part : entry.table.parts) entry.bytes += part.bytes;
    entry.table.parts.clear();
    if (!entry.table.is_loaded()) return;
    if (!found.dataset) entry.error = found.dataset.error();
  }
  const auto known = datasets_.entries().find(found.name);
  const bool is_ours = known == datasets_.entries().end() || known->second.is_put;
  if (const std::string other = datasets_.name_like(found.name); !other.empty() && (other != found.name || !is_ours)) {
    entry.error =
        Error{ErrorCode::InvalidData,
              fmt::format("The table \"{}\" cannot be served: there is another dataset \"{}\".", found.name, other),
              {},
              {},
              {}};
    log::warning("{}", entry.error->message);
    return;
  }
  if (!entry.error) {
    datasets_.put(std::make_shared<const Dataset>(std::move(*found.dataset)));
    return;
  }
  log::warning("table {}: {} {}", found.name, entry.error->message, entry.error->detail);
  Dataset nothing;
  nothing.name = found.name;
  datasets_.put_unreadable(std::make_shared<const Dataset>(std::move(nothing)), {}, *entry.error);
}

asio::awaitable<void> TableWatch::look() {
  auto listed = [this] { return list(); };
  std::vector<Found> found = co_await on_thread(io_, listed);
  if (!found.empty() && !is_granted_) {
    datasets_.grant_folders({tables_folder(data_folder_)});
    is_granted_ = true;
  }
  for (Found& one : found) take(std::move(one));
}

void TableWatch::watch_on(Schedule& schedule) {
  schedule.every(kTableLookPeriod, [this] { return look(); });
}

}  // namespace canvasback
