#include "service/collection/collection_backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/limits.hpp"
#include "base/tar.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/data_folder.hpp"
#include "storage/file.hpp"
#include "storage/file_identity.hpp"
#include "storage/table/pulled/pulled_table.hpp"

namespace canvasback {

namespace fs = std::filesystem;
namespace {

constexpr int kTableTries = 3;
constexpr std::size_t kStateDepth = 16;

}  // namespace

asio::awaitable<Result<std::unique_ptr<CollectionBackup>>> CollectionBackup::open(CollectionService& collections) {
  co_await collections.folders().notice_all_changes();
  std::unique_ptr<CollectionBackup> out(new CollectionBackup(collections));
  Status status = out->add_all();
  if (!status) co_return Result<std::unique_ptr<CollectionBackup>>(std::unexpected(status.error()));
  co_return std::move(out);
}

Status CollectionBackup::add_all() {
  const std::string& data_folder = collections_.data_folder();
  std::error_code error;
  const std::string format = data_folder + "/" + kDataFolderFormatFile;
  if (fs::exists(format, error)) CANVASBACK_TRY(add(data_folder, format));
  CANVASBACK_TRY(add_folder(data_folder, data_folder + "/schemas"));
  for (const auto& [name, collection] : collections_.collections()) {
    // Without a file that cannot be read it would be no backup.
    if (const auto& blocked = collection->health.blocked()) return std::unexpected(*blocked);
    const std::string numbers = number_note_path(collection->folder);
    if (fs::exists(numbers, error)) CANVASBACK_TRY(add(data_folder, numbers));
    for (const auto* files : {&collection->files.live, &collection->archived}) {
      for (const CollectionFile& file : *files) CANVASBACK_TRY(add(data_folder, file.file.path, &file.file));
    }
    CANVASBACK_TRY(add_folder(data_folder, collection->quarantine));
  }
  return add_tables(data_folder);
}

Status CollectionBackup::add_tables(const std::string& data_folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_folder + "/sources", error)) {
    if (entry.path().extension() == ".toml") CANVASBACK_TRY(add(data_folder, entry.path().string()));
  }
  for (const auto& entry : fs::directory_iterator(data_folder + "/" + kTablesFolder, error)) {
    const std::string name = entry.path().filename().string();
    // A pull may replace the state between two looks, and removes what the one before named much later.
    for (int tries = 0; fs::exists(entry.path() / kTableStateFile, error); ++tries) {
      const std::size_t before = files_.size();
      const Status added = add_table(data_folder, name);
      if (added) break;
      if (tries == kTableTries) return added;
      files_.resize(before);
    }
  }
  return {};
}

// What its state names; the state is read from the file that goes into the backup.
Status CollectionBackup::add_table(const std::string& data_folder, const std::string& name) {
  const std::string folder = data_folder + "/" + kTablesFolder + "/" + name;
  CANVASBACK_TRY(add(data_folder, folder + "/" + kTableStateFile));
  std::string text(static_cast<std::size_t>(files_.back().bytes), '\0');
  if (::pread(files_.back().fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return fail(ErrorCode::Unavailable, fmt::format("The state of the table {} cannot be read.", name));
  }
  CANVASBACK_ASSIGN(const Json json, Json::parse(text, kStateDepth));
  CANVASBACK_ASSIGN(const PulledTable table, pulled_table_from_json(json));
  for (const DataFile& file : files_of(table, folder)) {
    CANVASBACK_TRY(add(data_folder, file.path));
    if (files_.back().bytes != file.bytes) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("The file {} has another size than it was written with.", file.path));
    }
    files_.back().listed = file;
  }
  return {};
}

CollectionBackup::~CollectionBackup() { disk_.join(); }

Status CollectionBackup::add(const std::string& data_folder, const std::string& path, const DataFile* listed) {
  File file;
  file.name = fs::path(path).lexically_relative(data_folder).string();
  file.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file.fd || ::fstat(file.fd.get(), &info) != 0) {
    return fail(ErrorCode::Unavailable, fmt::format("The file {} cannot be opened for the backup.", path),
                std::strerror(errno));
  }
  if (listed != nullptr && !has_identity(*listed, info)) {
    return fail(ErrorCode::InvalidData,
                fmt::format("The file {} is not the one that the collection was written with.", path));
  }
  if (!S_ISREG(info.st_mode)) return {};
  if (listed != nullptr) file.listed = *listed;
  file.bytes = static_cast<std::uint64_t>(info.st_size);
  file.modified_s = info.st_mtim.tv_sec;
  files_.push_back(std::move(file));
  return {};
}

// Finished files; what is being written has a name that begins with a dot.
Status CollectionBackup::add_folder(const std::string& data_folder, const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || name.ends_with(".tmp") || !entry.is_regular_file(error)) continue;
    CANVASBACK_TRY(add(data_folder, entry.path().string()));
  }
  return {};
}

std::uint64_t CollectionBackup::bytes() const {
  std::uint64_t sum = 0;
  for (const File& file : files_) sum += file.bytes;
  return sum;
}

asio::awaitable<Status> CollectionBackup::check() {
  for (const File& file : files_) {
    if (!file.listed) continue;
    Status checked = co_await collections_.examiner().check_bytes(*file.listed, file.fd.get());
    if (!checked) co_return checked;
  }
  checked_ = true;
  co_return Status();
}

asio::awaitable<Result<std::string_view>> CollectionBackup::next() {
  if (!checked_) {
    if (Status checked = co_await check(); !checked) {
      co_return Result<std::string_view>(std::unexpected(checked.error()));
    }
  }
  auto reading = [this] { return read(); };
  co_return co_await on_thread(disk_, reading);
}

// A header, a piece of a file, what follows it, or the end.
Result<std::string_view> CollectionBackup::read() {
  if (at_ == files_.size()) {
    if (std::exchange(ended_, true)) return std::string_view();
    piece_ = tar_end();
    return std::string_view(piece_);
  }
  File& file = files_[at_];
  if (!std::exchange(in_file_, true)) {
    CANVASBACK_ASSIGN(piece_, tar_header(file.name, file.bytes, file.modified_s));
    return std::string_view(piece_);
  }
  if (offset_ < file.bytes) {
    piece_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(limits::kInputFrameBytes, file.bytes - offset_)));
    const ssize_t got = ::pread(file.fd.get(), piece_.data(), piece_.size(), static_cast<off_t>(offset_));
    if (got < 0 && errno == EINTR) return read();
    if (got <= 0) return fail(ErrorCode::DataProcessing, fmt::format("{} cannot be read to its end.", file.name));
    offset_ += static_cast<std::uint64_t>(got);
    piece_.resize(static_cast<std::size_t>(got));
    if (offset_ < file.bytes) return std::string_view(piece_);
    piece_ += tar_padding(file.bytes);
  } else {
    // An empty file has nothing behind its header.
    piece_.clear();
  }
  file.fd.reset();
  ++at_;
  offset_ = 0;
  in_file_ = false;
  return piece_.empty() ? read() : Result<std::string_view>(std::string_view(piece_));
}

}  // namespace canvasback
