// BlockCutter: batches in, blocks of rows out. Where a block ends depends on the rows alone, never on where batches
// end: after a number of rows that the schema gives, sooner where their texts are long, and with a sheet's last row.
// Holds less than one block and one batch. Single-threaded.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "stream/batch_stream.hpp"

namespace canvasback::xlsx {

struct RowBlock {
  std::int64_t number = 0;  // 0, 1, 2, …
  std::int64_t rows = 0;
  std::vector<BatchPtr> parts;  // slices of batches, in order
};

class BlockCutter {
 public:
  explicit BlockCutter(const arrow::Schema& schema);

  void push(BatchPtr batch);
  // The next block, once its rows are there; with `all`, what is left.
  std::optional<RowBlock> cut(bool all);

 private:
  std::int64_t rows_within_bounds(std::int64_t rows) const;

  std::int64_t block_rows_;
  std::deque<BatchPtr> batches_;  // the first begins with the next block
  std::int64_t rows_ = 0;         // in batches_
  std::int64_t sheet_rows_left_;
  std::int64_t number_ = 0;
};

// Characters of the texts (of all depths) in `count` rows of a column from `start` on.
std::int64_t text_bytes(const arrow::ArrayData& column, std::int64_t start, std::int64_t count);

}  // namespace canvasback::xlsx
