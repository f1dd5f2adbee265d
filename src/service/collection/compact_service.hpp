// CompactService: merges all there is to merge in a collection, because somebody asked: all commits into the parts of
// weeks, then each week into one file; what was merged goes at once, as far as no task lists it. What is committed
// meanwhile goes on being merged by itself, a little at a time.
#pragma once

#include <string>

#include "service/collection/file_removal.hpp"
#include "service/collection/folder_watch.hpp"
#include "service/collection/merge_service.hpp"
#include "service/collection/work_watch.hpp"

namespace canvasback {

class CompactService {
 public:
  // All of them outlive it.
  CompactService(CollectionContext& context, CollectionRegistry& registry, FolderWatch& watch, MergeService& merges,
                 FileRemoval& removal)
      : context_(context), registry_(registry), folder_watch_(watch), merges_(merges), removal_(removal) {}

  // Gives how many files were merged. The watch is told of weeks. Errors: DatasetNotFound, those of CollectionHealth,
  // of the watch, of the disk; what was merged until then stays so.
  asio::awaitable<Result<std::size_t>> compact(std::string name, WorkWatch watch);

 private:
  asio::awaitable<Result<std::size_t>> merge_all(Collection& collection, const WorkWatch& watch);
  asio::awaitable<Result<std::size_t>> merge_weeks(Collection& collection, const WorkWatch& watch);

  CollectionContext& context_;
  CollectionRegistry& registry_;
  FolderWatch& folder_watch_;
  MergeService& merges_;
  FileRemoval& removal_;
};

}  // namespace canvasback
