// backup: all collections into a folder or a tar, from the data folder itself or from a running server. What is under
// its name is whole and on the disk; until then it is called NAME.incomplete.
#include <fmt/format.h>

#include <filesystem>

#include "base/compress.hpp"
#include "base/limits.hpp"
#include "base/tar.hpp"
#include "base/text.hpp"
#include "server/command_collections.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/terminal.hpp"
#include "service/collection_backup.hpp"
#include "storage/file.hpp"
#include "transport/http/client.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return std::unexpected(file::error_from(errno, "written", path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Where a backup goes.
class Target {
 public:
  virtual ~Target() = default;
  virtual Status add(std::string_view tar) = 0;
  // Synced, and under its name.
  virtual Status finish() = 0;
};

class FileTarget final : public Target {
 public:
  static Result<std::unique_ptr<Target>> open(const std::string& path) {
    auto out = std::make_unique<FileTarget>();
    out->path_ = path;
    if (path.ends_with(".zst")) {
      CANVASBACK_ASSIGN(out->compressor_, make_compressor("zstd"));
    } else if (path.ends_with(".gz")) {
      CANVASBACK_ASSIGN(out->compressor_, make_compressor("gzip"));
    }
    CANVASBACK_TRY(file::remove(path + ".incomplete"));
    CANVASBACK_ASSIGN(out->fd_, file::create(path + ".incomplete"));
    return out;
  }
  Status add(std::string_view tar) override {
    if (!compressor_) return write_all(fd_.get(), tar, path_);
    packed_.clear();
    CANVASBACK_TRY(compressor_->add(tar, packed_));
    return write_all(fd_.get(), packed_, path_);
  }
  Status finish() override {
    if (compressor_) {
      packed_.clear();
      CANVASBACK_TRY(compressor_->end(packed_));
      CANVASBACK_TRY(write_all(fd_.get(), packed_, path_));
    }
    CANVASBACK_TRY(file::sync(fd_.get(), path_));
    CANVASBACK_TRY(file::rename(path_ + ".incomplete", path_));
    return file::sync_folder(fs::absolute(path_).parent_path().string());
  }

 private:
  std::string path_;
  UniqueFd fd_;
  std::unique_ptr<Compressor> compressor_;
  std::string packed_;
};

class FolderTarget final : public Target {
 public:
  static Result<std::unique_ptr<Target>> open(const std::string& path) {
    std::error_code error;
    if (fs::exists(path, error)) {
      return fail(ErrorCode::InvalidData, fmt::format("{} is there already; a backup begins a new folder.", path));
    }
    auto out = std::make_unique<FolderTarget>();
    out->path_ = fs::absolute(path).lexically_normal().string();
    if (out->path_.ends_with('/')) out->path_.pop_back();
    out->incomplete_ = out->path_ + ".incomplete";
    fs::remove_all(out->incomplete_, error);
    CANVASBACK_TRY(file::make_folder(out->incomplete_));
    return out;
  }
  Status add(std::string_view tar) override { return reader_.add(tar); }
  Status finish() override {
    CANVASBACK_TRY(reader_.finish());
    for (const std::string& folder : folders_) CANVASBACK_TRY(file::sync_folder(folder));
    CANVASBACK_TRY(file::rename(incomplete_, path_));
    return file::sync_folder(fs::path(path_).parent_path().string());
  }

 private:
  TarReader::Sink sink() {
    TarReader::Sink out;
    out.begin = [this](const std::string& name, std::uint64_t) -> Status {
      file_path_ = incomplete_ + "/" + name;
      const std::string folder = fs::path(file_path_).parent_path().string();
      if (folders_.insert(folder).second) CANVASBACK_TRY(file::make_folder(folder));
      CANVASBACK_ASSIGN(fd_, file::create(file_path_));
      return {};
    };
    out.data = [this](std::string_view bytes) { return write_all(fd_.get(), bytes, file_path_); };
    out.end = [this]() -> Status {
      CANVASBACK_TRY(file::sync(fd_.get(), file_path_));
      fd_.reset();
      return {};
    };
    return out;
  }

  std::string path_;
  std::string incomplete_;
  std::set<std::string> folders_;
  std::string file_path_;
  UniqueFd fd_;
  TarReader reader_{sink()};
};

Result<std::unique_ptr<Target>> open_target(const std::string& path) {
  const bool is_file = path.ends_with(".tar") || path.ends_with(".tar.zst") || path.ends_with(".tar.gz");
  return is_file ? FileTarget::open(path) : FolderTarget::open(path);
}

asio::awaitable<Status> copy_all(CollectionBackup& source, const std::function<Status(std::string_view)>& take) {
  while (true) {
    auto piece = co_await source.next();
    if (!piece) co_return Status(std::unexpected(piece.error()));
    if (piece->empty()) co_return Status();
    if (Status status = take(*piece); !status) co_return status;
  }
}

Status backup(const CommandOptions& options) {
  CANVASBACK_ASSIGN(std::unique_ptr<Target> target, open_target(options.out));
  ProgressLine line("backup");
  std::uint64_t bytes = 0;
  const auto take = [&](std::string_view piece) -> Status {
    bytes += piece.size();
    line.update(Json(), bytes);
    return target->add(piece);
  };
  if (!options.server.empty()) {
    http::ClientRequest request;
    request.server = options.server;
    request.target = "/api/v1/backup";
    CANVASBACK_TRY(http::fetch(request, take));
  } else {
    CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, open_collections(options));
    auto source = runtime->run(CollectionBackup::open(runtime->collections()));
    Status status = source ? runtime->run(copy_all(**source, take)) : Status(std::unexpected(source.error()));
    source = fail(ErrorCode::Unavailable, "");  // its files are closed before the folder is given up
    close_collections(*runtime);
    CANVASBACK_TRY(status);
  }
  CANVASBACK_TRY(target->finish());
  std::fprintf(stderr, "%s: %s\n", options.out.c_str(), human_bytes(bytes).c_str());
  return {};
}

}  // namespace

int run_backup(const CommandOptions& options) { return report(backup(options)); }

}  // namespace canvasback
