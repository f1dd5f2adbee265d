// CollectionBackup: all collections as they are at one moment, as a tar: their files below the names that they have
// below DATA, archives, refused records and schemas included. Unpacked anywhere, it is a data folder. The moment is
// that of open(): the files are held open from then on, and no file of a collection ever changes, so what is merged,
// archived or removed meanwhile is in the backup as it was. Memory: one piece.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "service/collection/collection_service.hpp"

namespace canvasback {

class CollectionBackup {
 public:
  // On the front's thread. Errors: Unavailable where a file cannot be opened.
  static Result<std::unique_ptr<CollectionBackup>> open(const CollectionService& collections,
                                                        const std::string& data_folder);
  ~CollectionBackup();

  // The next bytes of the tar, valid until the next call; empty behind the last. Errors: Unavailable, DataProcessing
  // for a file that is shorter than it was.
  asio::awaitable<Result<std::string_view>> next();

  std::size_t files() const { return files_.size(); }
  std::uint64_t bytes() const;  // of the files

 private:
  struct File {
    std::string name;
    UniqueFd fd;
    std::uint64_t bytes = 0;
    std::int64_t modified_s = 0;
  };

  CollectionBackup() = default;
  Status add(const std::string& data_folder, const std::string& path);
  Status add_folder(const std::string& data_folder, const std::string& folder);
  Result<std::string_view> read();

  std::vector<File> files_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
  bool in_file_ = false;
  bool ended_ = false;
  std::string piece_;
  asio::thread_pool disk_{1};
};

}  // namespace canvasback
