// ArchiveService: moves parts of weeks to a collection's archive and back. Each file is checked against its checksums
// first; the new place is on the disk before the old name is gone, so that a crash leaves both names of a file, which
// counts once. No merge runs meanwhile. Moving by hand is as good (FolderWatch).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "service/collection/compact_service.hpp"
#include "service/collection/file_scrub.hpp"

namespace canvasback {

class ArchiveService {
 public:
  struct Moved {
    std::vector<std::string> files;
    std::vector<std::pair<std::string, std::string>> skipped;  // file, why it stays where it is
  };

  // All of them outlive it.
  ArchiveService(CollectionContext& context, CollectionRegistry& registry, CompactService& compaction, FileScrub& scrub,
                 KeyService& keys)
      : context_(context), registry_(registry), compaction_(compaction), scrub_(scrub), keys_(keys) {}

  // Moves the parts of weeks before that one to the archive, or those of these weeks back: after a compaction, since
  // commits may hold records of those weeks, or were to keep older ones. One that cannot be moved, such as one whose
  // name is taken there, keeps no other from being moved. Errors: DatasetNotFound, InvalidData for a damaged file,
  // Unavailable, also where none could be moved.
  asio::awaitable<Result<Moved>> archive_before(std::string name, std::int64_t week_number);
  asio::awaitable<Result<Moved>> restore(std::string name, std::int64_t first_week, std::int64_t last_week);

 private:
  enum class Direction { ToArchive, FromArchive };
  using Wanted = std::function<bool(std::int64_t week_number)>;

  asio::awaitable<Result<Moved>> move_weeks(std::string name, Direction direction, Wanted wanted);
  asio::awaitable<Result<Moved>> move_files(Collection& collection, std::vector<CollectionFile> files,
                                            Direction direction);
  asio::awaitable<Status> take_moved(Collection& collection, std::vector<CollectionFile> files, const Moved& moved,
                                     Direction direction);

  CollectionContext& context_;
  CollectionRegistry& registry_;
  CompactService& compaction_;
  FileScrub& scrub_;
  KeyService& keys_;
};

}  // namespace canvasback
