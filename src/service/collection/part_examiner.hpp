// PartExaminer: has workers read files of collections: what their footers say of them, every value of them, or every
// byte against the checksums. The front itself opens none. A file that cannot be read is told as its trouble; one that
// is more than a worker can bear is found by giving each file to a worker alone.
#pragma once

#include <vector>

#include "service/collection/collection_context.hpp"
#include "storage/table/file_set.hpp"

namespace canvasback {

class PartExaminer {
 public:
  // The context outlives it.
  explicit PartExaminer(CollectionContext& context) : context_(context) {}

  enum class Depth { Footers, Values };
  // The files with what they say of themselves, or with their trouble; those with trouble already come first and are
  // not opened. Errors: those of the workers' pools, while the program stops.
  asio::awaitable<Result<std::vector<CollectionFile>>> examine(std::vector<CollectionFile> files, Depth depth);
  // Whether one of them can be read by now.
  asio::awaitable<bool> any_readable(std::vector<CollectionFile> files);

  // Compares every byte of a file with its checksums: of the file behind the descriptor where there is one. Errors:
  // InvalidData that names the file.
  asio::awaitable<Status> check_bytes(DataFile file, int fd = -1);

 private:
  asio::awaitable<Result<std::vector<CollectionFile>>> examine_together(std::vector<CollectionFile> files, Depth depth);

  CollectionContext& context_;
};

}  // namespace canvasback
