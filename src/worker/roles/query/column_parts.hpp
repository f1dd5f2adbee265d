// Decoded columns of a dataset in the cache, for windows of rows that lie anywhere: a table file
// (storage/table_file.hpp) for each column and each part of the rows, its values in few bytes
// (storage/stored_column.hpp). They are the dataset's, not a view's: the next order finds them there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "storage/dataset.hpp"
#include "storage/table_file.hpp"
#include "worker/child/channel.hpp"

namespace canvasback {

// Where the parts of a dataset's rows begin: whole row groups, as many as fit limits::kColumnPartRows; of a larger row
// group pieces of that size.
class ColumnParts {
 public:
  explicit ColumnParts(const Dataset& dataset);
  std::size_t count() const { return starts_.size() - 1; }
  std::int64_t start(std::size_t part) const { return starts_[part]; }
  std::int64_t rows(std::size_t part) const { return starts_[part + 1] - starts_[part]; }
  // The part that a row is in. Precondition: 0 <= row < the dataset's rows.
  std::size_t at(std::int64_t row) const;

 private:
  std::vector<std::int64_t> starts_;  // and the end of the last
};

struct ColumnPartsOptions {
  std::vector<std::string> columns;
  int threads = 1;
  std::string spill_folder;
  std::function<void(double share)> progress;  // called from any thread
};

// Makes the parts that are not there yet, each column of a part by one of the threads, and offers them to the front.
// Precondition: dataset.plain_scan. Errors: InvalidData for damaged files, StorageLimit, those of the token.
Status build_column_parts(const Dataset& dataset, const ColumnPartsOptions& options, const TableMap& tables,
                          Channel& channel, const CancelToken& cancel);

}  // namespace canvasback
