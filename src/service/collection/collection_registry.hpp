// CollectionRegistry: the collections by name, each made when it is first written to. One that is deleted has no name
// any more and lives on unseen (pointers stay valid while the program runs). It is also what makes a collection's state
// visible: publish() gives queries the next version. On the front's one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/collection/collection.hpp"
#include "service/collection/collection_context.hpp"
#include "service/dataset/dataset_service.hpp"

namespace canvasback {

// What whoever asks for one that is not there is told: DatasetNotFound.
Error no_collection(std::string_view name);

class CollectionRegistry {
 public:
  using Map = std::map<std::string, std::unique_ptr<Collection>, std::less<>>;

  // Both outlive it.
  CollectionRegistry(CollectionContext& context, DatasetService& datasets) : context_(context), datasets_(datasets) {}

  // nullptr: there is none (yet).
  const Collection* find(std::string_view name) const;
  Collection* find(std::string_view name);
  // Errors: DatasetNotFound.
  Result<Collection*> existing(std::string_view name);
  // Makes it where there is none: its folder on the disk. Errors: Unavailable while the program stops, InvalidData for
  // what can be no name or is a dataset's, those of the disk.
  Result<Collection*> get_or_make(std::string_view name);
  // Of a dataset or collection that has this name but for the case of letters; empty: there is none.
  std::string name_like(std::string_view name) const;
  const Map& all() const { return collections_; }
  // For whoever waits while going through them: new ones may come meanwhile.
  std::vector<Collection*> list() const;
  // Every live and archived file, with the name of its collection.
  std::vector<std::pair<std::string, DataFile>> all_files() const;

  // Makes what the collection is now the dataset of its name. Of one that is blocked queries are told why. Costs one
  // pass over the files. A scratch collection is never published.
  void publish(Collection& collection);
  // It has no name from now on: it takes no records, nothing of it is published, and its name is free. Whoever still
  // waits to write to it is told why. Requires both of its locks.
  void retire(Collection& collection, Error why);
  void grant_folders(std::vector<std::string> folders) { datasets_.grant_folders(std::move(folders)); }

 private:
  CollectionContext& context_;
  DatasetService& datasets_;
  Map collections_;
  std::vector<std::unique_ptr<Collection>> retired_;
};

}  // namespace canvasback
