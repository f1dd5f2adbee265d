// RowOrder: a dataset's rows in the order of some columns, as their numbers, without the engine: one number for each
// row and column (sort_keys.hpp), put in order bit by bit (base/radix_sort.hpp), the last column first. Several times
// as quick as the engine, which carries rows and compares them (docs/decisions/0011).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/cancel.hpp"
#include "query/selection.hpp"
#include "storage/dataset.hpp"
#include "worker/roles/query/sort_keys.hpp"

namespace canvasback {

struct RowOrderOptions {
  std::vector<SortKey> sort;
  int threads = 1;
  std::uint64_t bytes_max = 0;  // of memory
};

class RowOrder {
 public:
  // Nothing where the order would take more memory, or a column is not of a kind that goes by numbers: the engine's
  // work then. Precondition: dataset.plain_scan, some sort key. Errors: InvalidData for damaged files, those of the
  // token.
  static Result<std::optional<RowOrder>> read(const Dataset& dataset, const RowOrderOptions& options,
                                              const CancelToken& cancel);

  // The numbers of the rows that come first, at most so many; equal ones in the order of the file. Far less work than
  // the order of all.
  std::vector<std::int64_t> first(std::size_t count) const;
  // All of them. Takes what was read: to be called once, last.
  Result<std::vector<std::uint32_t>> all(const CancelToken& cancel) &&;

 private:
  RowOrder(std::size_t rows, int threads) : rows_(rows), threads_(threads) {}
  bool before(std::uint32_t left, std::uint32_t right) const;

  std::size_t rows_;
  int threads_;
  std::vector<SortKeys> columns_;
};

}  // namespace canvasback
