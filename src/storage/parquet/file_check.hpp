// Whether a file of a collection is, byte for byte, what was written: reads all of it in order and compares with the
// checksums that it was written with (file_checksums.hpp), without decoding a value. Where they differ, and in files
// from before them, the pages are gone through one by one with the checksums that they have themselves, so that the
// error names the column. A file whose writer left none of either is only found to be complete.
//
// Costs one pass over the bytes: some gigabytes a second where they are in memory, else what the disk gives. Memory: a
// megabyte. What is checked here is what the page cache has: a reader behind it sees the same bytes unless the file is
// changed, which its identity tells, or the page was dropped meanwhile and the disk gives another one.
//
// Errors: InvalidData that names the file, for damage and for a file that is not the one listed any more; Cancelled.
#pragma once

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// Opens the file by its path and compares its identity.
Status check_file(const DataFile& file, const CancelToken& cancel);
// The file behind a descriptor that may be read at any position; `file` says what it is called and how long it is.
Status check_file(int fd, const DataFile& file, const CancelToken& cancel);
// The footer alone, opened by path.
Status check_footer(const DataFile& file);

}  // namespace canvasback
