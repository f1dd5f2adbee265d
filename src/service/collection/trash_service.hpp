// TrashService: collections that are deleted, renamed or emptied. What is deleted goes to the data folder's trash and
// comes back whole from there, until it is removed for good: by hand, or after some days.
//
// A folder moves by one rename, so that a crash leaves it here or there: a deleted collection's with all that it holds,
// an emptied one's live files by an exchange with a new folder that holds no more than the note of the numbers that
// were given out (files that come back must not meet others of their numbers). Whoever was writing is told that the
// collection is gone; queries that run have their files open and end as they began.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "service/collection/collection_loader.hpp"
#include "service/collection/trash_entry.hpp"

namespace canvasback {

class TrashService {
 public:
  struct Parts {
    CollectionRegistry& registry;
    CollectionLoader& loader;
    SchemaStore& schemas;
  };
  // All of them outlive it.
  TrashService(CollectionContext& context, Parts parts)
      : context_(context), parts_(parts), turn_(context.executor) {}

  // The default collection is not deleted or renamed. Errors: DatasetNotFound, InvalidData, those of the disk.
  asio::awaitable<Result<TrashEntry>> remove(std::string name);
  asio::awaitable<Status> rename(std::string name, std::string new_name);
  // Its live records go; what is in its archive stays, and so does its schema.
  asio::awaitable<Result<TrashEntry>> empty(std::string name);

  // The newest first.
  asio::awaitable<Result<std::vector<TrashEntry>>> list();
  // As it was; records that came since stay, and are the later versions of those that they replace. Errors: NotFound,
  // InvalidData where its name is taken by now, records that came since were merged into files of the same names, or
  // the collection has other keys now.
  struct Restored {
    TrashEntry entry;
    std::int64_t superseded = 0;        // records that later ones of their keys stand for
    std::vector<std::string> problems;  // unique values that several records have now
  };
  asio::awaitable<Result<Restored>> restore(std::string id);
  // For good. Errors: NotFound.
  asio::awaitable<Status> purge(std::string id);
  // Those that have lain there for so many days.
  asio::awaitable<void> purge_old(std::int64_t days);

 private:
  struct Both;  // locks of a collection, and the turns of its merges

  std::string folder() const { return context_.options.data_folder + "/trash"; }
  std::string base_of(const std::string& name) const { return context_.options.data_folder + "/collections/" + name; }
  TrashEntry entry_of(const Collection& collection, TrashEntry::Kind kind) const;
  asio::awaitable<Both> hold(Collection& collection);
  Result<Collection*> named(const std::string& name, std::string_view verb);
  Status check_free(const std::string& name);
  Status write_entry(const TrashEntry& entry) const;
  Result<TrashEntry> read_entry(const std::string& id) const;
  asio::awaitable<Result<TrashEntry>> find(std::string id);
  asio::awaitable<Status> move_schema(const std::string& name, const std::string& new_name);
  asio::awaitable<Status> forget_schema(std::string name);
  asio::awaitable<Status> bring_back_whole(const TrashEntry& entry);
  asio::awaitable<Status> bring_back_schema(const TrashEntry& entry);
  asio::awaitable<Status> bring_back_files(Restored& restored);
  void remove_half_made(const TrashEntry& entry) const;

  CollectionContext& context_;
  Parts parts_;
  CollectionLock turn_;  // one of these at a time: a name is free until it is taken
  bool is_purging_ = false;
};

}  // namespace canvasback
