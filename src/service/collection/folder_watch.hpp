// FolderWatch: notices what was done by hand with a collection's files: moved away or back, changed, touched, or made
// unreadable. The folder is listed and compared with what is known; where they differ it is read anew
// (CollectionLoader). A file that has just come and cannot be read is waited for: somebody may still be writing it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "service/collection/collection_loader.hpp"
#include "service/collection/collection_registry.hpp"
#include "service/collection/part_examiner.hpp"

namespace canvasback {

class FolderWatch {
 public:
  // All of them outlive it.
  FolderWatch(CollectionContext& context, CollectionRegistry& registry, PartExaminer& examiner,
              CollectionLoader& loader)
      : context_(context), registry_(registry), examiner_(examiner), loader_(loader) {}

  // Costs a listing, and a stat of each archived file. Requires that the caller does not have the lock: under it no
  // name is changed by us.
  asio::awaitable<void> notice_changes(Collection& collection);
  asio::awaitable<void> notice_all_changes();
  // Whether live files of any collection are others than were published; that is then taken note of. What a query that
  // met a missing file asks: costs a stat of each live file.
  asio::awaitable<bool> on_missing_files();

 private:
  asio::awaitable<bool> has_changed(const Collection& collection);
  asio::awaitable<bool> may_be_unblocked(const Collection& collection, std::vector<CollectionFile> listed);
  asio::awaitable<bool> files_have_changed(const Collection& collection, const std::set<std::string>& before,
                                           std::vector<CollectionFile> listed);
  asio::awaitable<bool> archive_has_changed(const Collection& collection);

  CollectionContext& context_;
  CollectionRegistry& registry_;
  PartExaminer& examiner_;
  CollectionLoader& loader_;
};

}  // namespace canvasback
