// Standard input as a dataset: `canvasback query "…" -`. Formats are read from files (row groups, indexes and two
// passes need to go back), so its bytes are kept in a temporary file for as long as the process runs; what they are is
// told by how they begin.
#pragma once

#include <string>
#include <string_view>

#include "storage/catalog.hpp"

namespace canvasback {

// The extension of files that begin like this: parquet, arrow, json or csv. What is compressed is told by the error.
// Pure. Errors: InvalidData for compressed bytes, and for none.
Result<std::string> format_of_beginning(std::string_view bytes);

// A dataset of a command's argument: a path, NAME=PATH, or - (also NAME=-) for standard input, whose name is stdin
// unless given. Waits for the end of standard input. Errors: those of dataset_source_from() and of the disk;
// InvalidData where standard input is a terminal or was taken before.
Result<DatasetSource> source_of_argument(const std::string& argument);

}  // namespace canvasback
