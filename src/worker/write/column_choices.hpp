// How the columns of a commit are best written, judged by their first values. A commit is waited for, read for some
// minutes, and then merged into a part that is compressed properly: what counts is the time until it is on disk.
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <vector>

namespace canvasback {

// Leaves, by the names that Parquet gives them.
struct ColumnChoices {
  std::vector<std::string> dictionary;  // few different values
  // As they are: LZ4 takes longer to shorten these than the disk to take them. Measured, a megabyte costs about 2 ms of
  // LZ4, 0.5 ms to be handed to the kernel, and 1 ms of a disk that works beside; what shrinks to less than three
  // eighths is compressed.
  std::vector<std::string> uncompressed;
};

ColumnChoices choose_columns(const arrow::Table& first);

}  // namespace canvasback
