#include "service/pull/table_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/log.hpp"
#include "storage/file.hpp"
#include "task/pull_task.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLockFile = ".lock";

std::string unfinished_path(const std::string& path) {
  const fs::path whole(path);
  return (whole.parent_path() / (std::string(kUnfinishedPrefix) + whole.filename().string())).string();
}

bool is_folder_name(std::string_view name) {
  return !name.empty() && !name.starts_with('.') && name.find('/') == std::string_view::npos;
}

}  // namespace

std::string tables_folder(const std::string& data_folder) { return data_folder + "/" + kTablesFolder; }

Result<PulledTable> read_table(const std::string& folder) {
  const std::string path = folder + "/" + kTableStateFile;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    const int error = errno;
    if (error == ENOENT) return fail(ErrorCode::DatasetNotFound, "The table was never pulled.");
    return std::unexpected(file::error_from(error, "The state of a pulled table could not be read", path));
  }
  std::string text;
  char buffer[65536];
  ssize_t got = 0;
  while ((got = ::read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(got));
  if (got < 0) return std::unexpected(file::error_from(errno, "The state of a pulled table could not be read", path));
  auto json = Json::parse(text, 16);
  auto table = json ? pulled_table_from_json(*json) : Result<PulledTable>(std::unexpected(json.error()));
  if (table) return table;
  Error error = table.error();
  error.code = ErrorCode::InvalidData;
  error.message = fmt::format("{} is damaged: {}", path, error.message);
  return std::unexpected(std::move(error));
}

Result<std::unique_ptr<TableStore>> TableStore::open(const std::string& data_folder, const std::string& name) {
  std::unique_ptr<TableStore> out(new TableStore(tables_folder(data_folder) + "/" + name));
  CANVASBACK_TRY(file::make_folder(out->folder_));
  CANVASBACK_TRY(out->take_lock());
  auto table = read_table(out->folder_);
  if (table) {
    out->table_ = std::move(*table);
  } else if (table.error().code != ErrorCode::DatasetNotFound) {
    return std::unexpected(table.error());
  }
  out->table_.name = name;
  out->remove_unknown();
  return out;
}

Status TableStore::take_lock() {
  const std::string path = folder_ + "/" + kLockFile;
  lock_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock_) return std::unexpected(file::error_from(errno, "The table could not be locked", path));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
  return std::unexpected(
      Error{ErrorCode::Unavailable, "Another process pulls this table at the moment.", {}, {}, kBusySeconds});
}

// What a crash left: files named as parts are that the state does not name. Nothing else is touched.
void TableStore::remove_unknown() const {
  std::set<std::string> known;
  const auto add = [&known](const std::vector<PulledPart>& parts) {
    for (const PulledPart& part : parts) known.insert({part.path(), part.key_map_path()});
  };
  add(table_.parts);
  if (table_.load) add(table_.load->parts);
  for (const PulledTable::Gone& file : table_.gone) known.insert({file.path, file.key_map_path});
  std::error_code error;
  for (const auto& period : fs::directory_iterator(folder_, error)) {
    if (!period.is_directory(error) || period.is_symlink(error)) continue;
    for (const auto& entry : fs::directory_iterator(period.path(), error)) {
      const std::string name = entry.path().filename().string();
      const std::string below = period.path().filename().string() + "/" + name;
      if (!is_part_file_name(name) || known.contains(below) || !entry.is_regular_file(error)) continue;
      if (const Status removed = file::remove(entry.path().string()); !removed) {
        log::warning("pull {}: {} {}", table_.name, removed.error().message, removed.error().detail);
      }
    }
  }
}

Result<UniqueFd> TableStore::open_new(const std::string& path) {
  Pending pending{folder_ + "/" + path, unfinished_path(folder_ + "/" + path), {}};
  CANVASBACK_TRY(file::make_folder(fs::path(pending.path).parent_path().string()));
  CANVASBACK_TRY(file::remove(pending.unfinished));
  CANVASBACK_ASSIGN(pending.fd, file::create(pending.unfinished));
  UniqueFd given(::fcntl(pending.fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!given) return std::unexpected(file::error_from(errno, "A file could not be handed over", pending.path));
  pending_.push_back(std::move(pending));
  return given;
}

Result<UniqueFd> TableStore::open_known(std::uint64_t number, bool key_map) const {
  const PulledPart* part = table_.find_anywhere(number);
  if (part == nullptr) return fail(ErrorCode::DataProcessing, "A worker asked for a part that is not there.");
  const std::string path = folder_ + "/" + (key_map ? part->key_map_path() : part->path());
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return std::unexpected(file::error_from(errno, "A part of a pulled table could not be read", path));
  struct stat info {};
  const std::uint64_t bytes = key_map ? part->key_map_bytes : part->bytes;
  if (::fstat(fd.get(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) == bytes) return fd;
  return fail(ErrorCode::InvalidData, fmt::format("{} has another size than it was written with.", path));
}

OpenFile TableStore::files() {
  return [this](const Json& request) -> Result<UniqueFd> {
    const std::string_view name = request.at("name").as_string();
    PulledPart part;
    part.number = request.at("number").as_uint();
    if (name == kNeedInputPart) return open_known(part.number, false);
    if (name == kNeedInputKeyMap) return open_known(part.number, true);
    if (name == kNeedPulledPart) {
      part.period = request.at("period").as_string();
      if (!is_folder_name(part.period)) return fail(ErrorCode::DataProcessing, "A worker asked for a folder outside.");
      return open_new(part.path());
    }
    // The key map of a part that was asked for before.
    for (const Pending& pending : pending_) {
      const std::string path = pending.path.substr(folder_.size() + 1);
      part.period = path.substr(0, path.find('/'));
      if (name == kNeedKeyMap && part.path() == path) return open_new(part.key_map_path());
    }
    return fail(ErrorCode::DataProcessing, "A worker asked for a file that it cannot have.");
  };
}

Status TableStore::name_pending(const PulledTable& next) {
  std::set<std::string> wanted;
  const auto add = [&](const std::vector<PulledPart>& parts) {
    for (const PulledPart& part : parts)
      wanted.insert({folder_ + "/" + part.path(), folder_ + "/" + part.key_map_path()});
  };
  add(next.parts);
  if (next.load) add(next.load->parts);
  std::set<std::string> folders;
  for (Pending& pending : pending_) {
    if (!wanted.contains(pending.path)) continue;  // every row of it died again
    CANVASBACK_TRY(file::sync(pending.fd.get(), pending.unfinished));
    struct stat info {};
    if (::fstat(pending.fd.get(), &info) == 0) bytes_written_ += static_cast<std::uint64_t>(info.st_size);
    CANVASBACK_TRY(file::rename(pending.unfinished, pending.path));
    folders.insert(fs::path(pending.path).parent_path().string());
    ++files_written_;
  }
  for (const std::string& folder : folders) CANVASBACK_TRY(file::sync_folder(folder));
  return {};
}

Status TableStore::commit(PulledTable next) {
  bytes_written_ = 0;
  files_written_ = 0;
  CANVASBACK_TRY(name_pending(next));
  CANVASBACK_TRY(file::replace(folder_ + "/" + kTableStateFile, to_json(next).dump() + "\n"));
  table_ = std::move(next);
  discard();
  return {};
}

void TableStore::discard() {
  for (const Pending& pending : pending_) static_cast<void>(file::remove(pending.unfinished));
  pending_.clear();
}

Status TableStore::remove_gone(std::int64_t before_us) {
  PulledTable next = table_;
  std::erase_if(next.gone, [before_us](const PulledTable::Gone& file) { return file.since_us < before_us; });
  if (next.gone.size() == table_.gone.size()) return {};
  // First the files: one that stays is known as long as the state names it.
  for (const PulledTable::Gone& file : table_.gone) {
    if (file.since_us >= before_us) continue;
    CANVASBACK_TRY(file::remove(folder_ + "/" + file.path));
    CANVASBACK_TRY(file::remove(folder_ + "/" + file.key_map_path));
  }
  return commit(std::move(next));
}

}  // namespace canvasback
