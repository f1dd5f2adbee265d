// CollectionLoader: finds out what collections there are and what their folders hold: at the start, and again whenever
// files were moved, changed or made unreadable by somebody else. What counts is decided by storage/table/file_set from
// names, footers and notes; here the folder is listed, unknown files are read by workers, and what does not count goes
// out of the way. At the start what is left of unfinished work is removed; later it is only left out.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "service/collection/collection_registry.hpp"
#include "service/collection/commit_writer.hpp"
#include "service/collection/file_checks.hpp"
#include "service/collection/key_service.hpp"
#include "service/collection/part_examiner.hpp"
#include "service/collection/schema_store.hpp"

namespace canvasback {

class CollectionLoader {
 public:
  struct Parts {
    CollectionRegistry& registry;
    PartExaminer& examiner;
    KeyService& keys;
    CommitWriter& commits;
    SchemaStore& schemas;
    FileChecks& checks;
  };
  // All of them outlive it.
  CollectionLoader(CollectionContext& context, Parts parts) : context_(context), parts_(parts) {}

  // Makes the folders, reads schemas, makes and loads every collection that there is. A collection of which a file or
  // folder cannot be read is blocked and keeps no other from being opened. Errors: those of the data folder itself and
  // of the schemas.
  asio::awaitable<Status> open();
  // One more collection, whose folder and schema are there already. Errors: those of get_or_make(); one that cannot be
  // read is blocked.
  asio::awaitable<Result<Collection*>> open_one(std::string name);
  // A folder was replaced by another: workers may read that one from their next task on.
  void renew_grants();
  // Reads one collection's folder anew; where that fails the collection is blocked. Requires the collection's lock.
  asio::awaitable<void> reload(Collection& collection);

 private:
  struct Contents;  // of a folder
  enum class When { AtStart, Later };

  Result<std::vector<std::string>> names_on_disk() const;
  Status make_folders();
  void grant(const std::vector<std::string>& names);
  asio::awaitable<Status> load(Collection& collection, When when);
  asio::awaitable<Result<Contents>> contents_of(const Collection& collection);
  asio::awaitable<Result<std::vector<CollectionFile>>> examine_unknown(const Collection& collection,
                                                                       std::vector<CollectionFile> listed);
  void take_stock(Collection& collection, Contents& found);
  void know_numbers(Collection& collection, const Contents& found);
  asio::awaitable<Status> put_away(Collection& collection, Contents found, std::set<std::string> were_live, When when);
  void supersede_anew(Collection& collection, const std::set<std::string>& were_live);
  void block(Collection& collection, const Error& error);

  CollectionContext& context_;
  Parts parts_;
};

}  // namespace canvasback
