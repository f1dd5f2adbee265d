// RowGather: rows of a dataset's Parquet files by their positions, in any order: from decoded columns in the cache
// where they are there (storage/table_file.hpp), else from the row groups themselves, of each just those rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "storage/dataset.hpp"
#include "storage/table_file.hpp"

namespace canvasback {

struct GatherOptions {
  std::vector<std::string> columns;  // in the order wanted; empty: all
  int threads = 1;
};

struct Gathered {
  BatchPtr rows;                  // one for each position, in their order
  std::vector<std::string> used;  // keys of the cache
  bool decoded = false;           // some rows came from the files themselves
};

// Precondition: dataset.plain_scan; 0 <= position < dataset.rows. Errors: InvalidData for damaged files.
Result<Gathered> gather_rows(const Dataset& dataset, std::span<const std::int64_t> positions,
                             const GatherOptions& options, TableMap& tables, const CancelToken& cancel);

// The file and the row in it of each position, behind the rows' own columns. dataset: nullptr where there are no files.
Result<BatchPtr> with_places(const BatchPtr& batch, const Dataset* dataset, std::span<const std::int64_t> positions);

// A column that is none of the view's: `kind` tells the client what it is for.
std::shared_ptr<arrow::Field> virtual_field(const std::string& name, std::shared_ptr<arrow::DataType> type,
                                            const std::string& kind);

}  // namespace canvasback
