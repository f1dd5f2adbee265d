// Decoded blocks on disk: a row group's columns as uncompressed Arrow IPC, mapped by every worker. A worker writes a
// block into its spill folder and offers it; the front keeps the folder (storage/block_index.hpp). The name is a digest
// of file identity, row group and columns, so a changed file never meets an old block.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

std::string block_key(const DataFile& file, int row_group, const std::vector<std::string>& columns);

// Worker's side: the block mapped from the cache folder, or nullptr where it is not there (or not readable).
BatchPtr find_block(const std::string& cache_folder, const std::string& key);

// Worker's side: blocks used lately stay mapped, up to limits::kBlocksMappedBytesMax of them, as mapping one costs more
// than a page of it. Not thread-safe.
class BlockMap {
 public:
  explicit BlockMap(std::string cache_folder) : cache_folder_(std::move(cache_folder)) {}
  // As find_block().
  BatchPtr find(const std::string& key);
  // A block that was decoded just now stays in memory until its file is there to be mapped.
  void put(const std::string& key, BatchPtr block);

 private:
  struct Mapped {
    std::string key;
    BatchPtr block;
    std::uint64_t bytes = 0;
    bool own_memory = false;  // decoded, not mapped
  };
  void insert(const std::string& key, BatchPtr block, bool own_memory);

  const std::string cache_folder_;
  std::list<Mapped> mapped_;  // used last comes first
};

// Writes the block to `path` (in the worker's spill folder).
Status write_block(const std::string& path, const arrow::RecordBatch& batch);

}  // namespace canvasback
