// Standard input as a dataset: `canvasback query "…" -`. Formats are read from files (row groups, indexes and two
// passes need to go back), so its bytes are kept in a temporary file for as long as the process runs; what they are is
// told by how they begin.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/temporary_folder.hpp"
#include "storage/catalog.hpp"

namespace canvasback {

// The extension of files that begin like this: parquet, arrow, json or csv. What is compressed is told by the error.
// Pure. Errors: InvalidData for compressed bytes, and for none.
Result<std::string> format_of_beginning(std::string_view bytes);

// One for each process. Thread-hostile.
class StandardInput {
 public:
  // A dataset of a command's argument: a path, NAME=PATH, or - (also NAME=-) for standard input, whose name is stdin
  // unless given. Waits for the end of standard input; its file is there as long as this is. Errors: those of
  // dataset_source_from() and of the disk; InvalidData where standard input is a terminal or was taken before.
  Result<DatasetSource> source_of(const std::string& argument);

 private:
  Result<std::string> take();

  std::unique_ptr<TemporaryFolder> folder_;
};

}  // namespace canvasback
