// Table files: record batches of one schema as uncompressed Arrow IPC in a file of the cache, written by one worker and
// mapped by all (storage/block_index.hpp keeps them). Parts of views and decoded columns. Read here and there, so
// nothing is read ahead, and pages that were touched can be given back without closing the file.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

class TableFileWriter {
 public:
  // Errors, of all: StorageLimit where the file cannot be written.
  static Result<std::unique_ptr<TableFileWriter>> create(const std::string& path, SchemaPtr schema);
  virtual ~TableFileWriter() = default;
  virtual Status write(const arrow::RecordBatch& batch) = 0;
  virtual Status close() = 0;
  virtual std::int64_t rows() const = 0;
  virtual std::uint64_t bytes() const = 0;
};

// One thread at a time.
class TableFile {
 public:
  // nullptr where there is none, or none that can be read.
  static std::shared_ptr<TableFile> open(const std::string& path);

  const SchemaPtr& schema() const { return schema_; }
  std::int64_t rows() const { return starts_.back(); }
  std::size_t batches() const { return batches_.size(); }
  const BatchPtr& batch(std::size_t index) const { return batches_[index]; }
  // The batch that a row is in, and the row's number there. Precondition: 0 <= row < rows().
  std::pair<std::size_t, std::int64_t> locate(std::int64_t row) const;
  // Rows [from, to), as far as there are such; nothing is copied.
  std::vector<BatchPtr> slice(std::int64_t from, std::int64_t to) const;
  // Pages that were touched no longer count as this process's memory. Batches stay valid.
  void forget_pages() const;

 private:
  std::shared_ptr<arrow::Buffer> bytes_;
  SchemaPtr schema_;
  std::vector<BatchPtr> batches_;
  std::vector<std::int64_t> starts_;  // of each batch, and the end
};

// Table files of the cache that were used lately, open. Not thread-safe.
class TableMap {
 public:
  explicit TableMap(std::string cache_folder) : cache_folder_(std::move(cache_folder)) {}
  // nullptr where there is none of this key.
  std::shared_ptr<TableFile> find(const std::string& key);
  // Whether there is one, without opening it.
  bool has(const std::string& key) const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<TableFile> table;
  };
  const std::string cache_folder_;
  std::list<Entry> entries_;  // used last comes first
};

// A dataset's decoded column lies in table files of limits::kColumnPartRows rows each (the last has what is left).
std::string column_part_key(const std::string& dataset_version, const std::string& column, std::int64_t part);

}  // namespace canvasback
