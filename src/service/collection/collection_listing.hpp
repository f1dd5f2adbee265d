// What lies in a collection's folder, by names and whether it can be opened: no byte of a file is read here. Blocking.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "storage/table/file_set.hpp"

namespace canvasback {

struct CollectionListing {
  std::vector<CollectionFile> files;     // without what they say of themselves; with trouble if they cannot be opened
  std::vector<std::string> leftovers;    // of writers that never finished
  std::vector<std::string> merge_notes;  // paths
};

enum class MissingFolder { IsEmpty, IsAnError };

// Each file is opened and closed. Errors: Unavailable where the folder cannot be read, a link to a folder that is not
// there included, or where there are no descriptors left.
Result<CollectionListing> list_folder(const std::string& folder, MissingFolder missing);

// The highest number of a commit of which refused records are kept; 0: none.
std::uint64_t last_commit_of_rejects(const std::string& folder);

// Errors: Unavailable.
Result<DataFile> stat_data_file(const std::string& path);

// Whether the file of that path is not the one that was listed: changed, touched, or gone.
bool is_another_file(const DataFile& listed);
bool can_be_opened(const DataFile& file);

// Of a file's content, as far as its path, size, time and inode tell.
std::string identity_of(const DataFile& file);

// The names in a folder; none where it cannot be read.
std::set<std::string> names_in(const std::string& folder);

// What a file that cannot be read and is not needed is called from now on, in the same folder.
std::string aside_path(const std::string& path);

// Another identity and path for the same content.
void keep_content(DataFile& file, const DataFile& stated);

}  // namespace canvasback
