// CollectionBackup: all collections, and the tables that are pulled from other databases, as they are at one moment, as
// a tar: their files below the names that they have below DATA, archives, refused records, schemas and the files of
// sources (without passwords in files of their own) included. Unpacked anywhere, it is a data folder. The moment is
// that of open(): the files are held open from then on, and no file of a collection ever changes, so what is merged,
// archived or removed meanwhile is in the backup as it was. A file that is not the one the collection knows (a
// link, a file that somebody put there) is no backup, and neither is one that is damaged. Memory: one piece.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "service/collection/collection_service.hpp"

namespace canvasback {

class CollectionBackup {
 public:
  // On the front's thread; the service outlives the backup. Files that were only touched are taken note of first.
  // Errors: Unavailable where a file cannot be opened, InvalidData where it is another one; both name it.
  static asio::awaitable<Result<std::unique_ptr<CollectionBackup>>> open(CollectionService& collections);
  ~CollectionBackup();

  // Compares every byte of the collections' files with their checksums, in a worker, before the first is given out:
  // reads all of them. next() does so where nobody has yet. Errors: InvalidData that names the first that is wrong.
  asio::awaitable<Status> check();

  // The next bytes of the tar, valid until the next call; empty behind the last. Errors: Unavailable, DataProcessing
  // for a file that is shorter than it was.
  asio::awaitable<Result<std::string_view>> next();

  std::size_t files() const { return files_.size(); }
  std::uint64_t bytes() const;  // of the files

 private:
  struct File {
    std::string name;
    std::optional<DataFile> listed;  // of a collection or table
    UniqueFd fd;
    std::uint64_t bytes = 0;
    std::int64_t modified_s = 0;
  };

  explicit CollectionBackup(CollectionService& collections) : collections_(collections) {}
  Status add(const std::string& data_folder, const std::string& path, const DataFile* listed = nullptr);
  Status add_folder(const std::string& data_folder, const std::string& folder);
  Status add_tables(const std::string& data_folder);
  Status add_table(const std::string& data_folder, const std::string& name);
  Status add_all();
  Result<std::string_view> read();

  CollectionService& collections_;
  std::vector<File> files_;
  bool checked_ = false;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
  bool in_file_ = false;
  bool ended_ = false;
  std::string piece_;
  asio::thread_pool disk_{1};
};

}  // namespace canvasback
