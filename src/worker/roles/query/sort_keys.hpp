// SortKeys: a column of a dataset as one number for each of its rows, in the order that the rows are to have by it:
// what is less comes first, equal values have equal numbers, NULL has the greatest. Read from the Parquet files by
// several threads, without the engine. Values are ordered as the engine orders them: texts by their bytes, NaN above
// everything else, -0 and 0 alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "query/selection.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

struct SortKeys {
  std::vector<std::uint64_t> keys;  // by row, all files one after the other
  int bits = 0;                     // that any of them has
};

// Nothing where values of the column are no number of 64 bits: nested ones, long decimals, binary, texts of which there
// are too many different. Precondition: dataset.plain_scan. Errors: InvalidData for damaged files.
Result<std::optional<SortKeys>> read_sort_keys(const Dataset& dataset, const SortKey& key, int threads,
                                               const CancelToken& cancel);

}  // namespace canvasback
