// backup: all collections into a folder or a tar, from the data folder itself or from a running server. What is under
// its name is whole and on the disk; until then its name ends in .incomplete.
#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <set>

#include "base/compress.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/tar.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "server/command_collections.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/on_interrupt.hpp"
#include "server/output.hpp"
#include "server/terminal.hpp"
#include "service/collection/collection_backup.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

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
    std::unique_ptr<Compressor> compressor;
    if (path.ends_with(".zst")) {
      CANVASBACK_ASSIGN(compressor, make_compressor("zstd"));
    } else if (path.ends_with(".gz")) {
      CANVASBACK_ASSIGN(compressor, make_compressor("gzip"));
    }
    CANVASBACK_ASSIGN(Output output, Output::open(path, {.sync = true, .unfinished = ".incomplete"}));
    return std::make_unique<FileTarget>(std::move(output), std::move(compressor));
  }
  FileTarget(Output output, std::unique_ptr<Compressor> compressor)
      : output_(std::move(output)), compressor_(std::move(compressor)) {}

  Status add(std::string_view tar) override {
    if (!compressor_) return output_.write(tar);
    packed_.clear();
    CANVASBACK_TRY(compressor_->add(tar, packed_));
    return output_.write(packed_);
  }
  Status finish() override {
    if (compressor_) {
      packed_.clear();
      CANVASBACK_TRY(compressor_->end(packed_));
      CANVASBACK_TRY(output_.write(packed_));
    }
    return output_.finish();
  }

 private:
  Output output_;
  std::unique_ptr<Compressor> compressor_;
  std::string packed_;
};

class FolderTarget final : public Target {
 public:
  static Result<std::unique_ptr<Target>> open(const std::string& path) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) return is_taken(path);
    std::string whole = fs::absolute(path).lexically_normal().string();
    if (whole.ends_with('/')) whole.pop_back();
    auto out = std::make_unique<FolderTarget>(whole);
    CANVASBACK_TRY(file::make_folder(out->incomplete_));
    return out;
  }
  explicit FolderTarget(std::string path)
      : path_(std::move(path)),
        incomplete_(fmt::format("{}.{}.incomplete", path_, random_hex(4))),
        undo_([folder = incomplete_] { remove_folder(folder); }) {}
  ~FolderTarget() override {
    if (!finished_) remove_folder(incomplete_);
  }

  Status add(std::string_view tar) override { return reader_.add(tar); }
  Status finish() override {
    CANVASBACK_TRY(reader_.finish());
    for (const std::string& folder : folders_) CANVASBACK_TRY(file::sync_folder(folder));
    if (const int error = file::rename_to_new(incomplete_, path_); error != 0) {
      if (error == EEXIST) return is_taken(path_);
      return std::unexpected(file::error_from(error, "renamed", incomplete_));
    }
    finished_ = true;
    return file::sync_folder(fs::path(path_).parent_path().string());
  }

 private:
  static std::unexpected<Error> is_taken(const std::string& path) {
    return fail(ErrorCode::InvalidData, fmt::format("{} already exists; a backup needs a new folder.", path));
  }
  static void remove_folder(const std::string& folder) {
    std::error_code error;
    fs::remove_all(folder, error);
  }

  TarReader::Sink sink() {
    TarReader::Sink out;
    out.begin = [this](const std::string& name, std::uint64_t) -> Status {
      file_path_ = incomplete_ + "/" + name;
      const std::string folder = fs::path(file_path_).parent_path().string();
      if (folders_.insert(folder).second) CANVASBACK_TRY(file::make_folder(folder));
      CANVASBACK_ASSIGN(fd_, file::create(file_path_));
      return {};
    };
    out.data = [this](std::string_view bytes) { return file::write(fd_.get(), bytes, file_path_); };
    out.end = [this]() -> Status {
      CANVASBACK_TRY(file::sync(fd_.get(), file_path_));
      fd_.reset();
      return {};
    };
    return out;
  }

  std::string path_;
  std::string incomplete_;
  OnInterrupt undo_;
  bool finished_ = false;
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
