// KeyWriter: the keys of the rows that a task writes, into a file of their own for the front (storage/table/
// key_columns.hpp). Asked for with the first rows; not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "storage/table/key_columns.hpp"

namespace canvasback {

// Fields of which no two records share a value, but for the id: worth a Bloom filter each.
std::vector<std::string> single_keys(const RecordSchema& schema);

class KeyWriter {
 public:
  using OpenFile = std::function<Result<UniqueFd>()>;
  KeyWriter(KeyColumns columns, OpenFile open_file) : columns_(std::move(columns)), open_file_(std::move(open_file)) {}

  // Rows in the order in which they are written. Errors: StorageLimit.
  Status add(const arrow::Schema& schema, const arrow::ArrayVector& columns, std::int64_t rows);
  Status finish() { return write(); }
  const KeyColumns& columns() const { return columns_; }

 private:
  Status write();

  KeyColumns columns_;
  OpenFile open_file_;
  UniqueFd file_;
  std::string entries_;
};

}  // namespace canvasback
