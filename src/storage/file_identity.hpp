// What makes a file the one that was listed: size, times of its last change of content and of anything (which nobody
// can set), inode. Whoever keeps something of a file's content keeps its identity beside it, and whoever opens the file
// compares. Linking, chmod or a rename give a file another identity with the same content: it is then looked into anew.
#pragma once

#include <sys/stat.h>

#include <string>

#include "storage/dataset.hpp"

namespace canvasback {

// Sets bytes, modified_ns, changed_ns and inode.
void take_identity(DataFile& file, const struct stat& info);

// Whether what stat() or fstat() says is of the same file with the same content. The path is not compared. Of a file
// that has no name any more the time of its last change is not either: losing the name was one.
bool has_identity(const DataFile& file, const struct stat& info);

// What an error says of a file that is another one now: Unavailable, because it may be asked for again.
Error changed_file(const std::string& path);

}  // namespace canvasback
