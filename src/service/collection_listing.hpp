// What lies in a collection's folder, by names and stat alone: no byte of a file is read here. Blocking.
#pragma once

#include <string>
#include <vector>

#include "storage/collection/file_set.hpp"

namespace canvasback {

struct CollectionListing {
  std::vector<CollectionFile> files;   // without what they say of themselves
  std::vector<std::string> leftovers;  // of writers that never finished
};

// A folder that is not there is empty. Errors: Unavailable.
Result<CollectionListing> list_folder(const std::string& folder);

// Errors: Unavailable.
Result<DataFile> stat_data_file(const std::string& path);

// Another identity and path for the same content.
void keep_content(DataFile& file, const DataFile& stated);

// The last part of a path.
std::string file_name(const std::string& path);

}  // namespace canvasback
