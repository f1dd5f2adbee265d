// Plain scan: rows of Parquet files in file order, without the engine. Row groups are decoded by several threads, each
// its own, and delivered in order; a thread that is ahead waits once limits::kScanBytesInFlight are decoded and not
// yet taken. Memory does not depend on the size of the files or of their row groups (a row group is read in batches).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

struct ScanOptions {
  std::vector<DataFile> files;       // with row_group_rows
  std::vector<std::string> columns;  // in the order wanted; empty: all
  std::int64_t offset = 0;           // rows, over all files
  std::optional<std::int64_t> limit;
  int threads = 1;
};

// Errors: InvalidData for unreadable files or unknown columns.
Result<std::unique_ptr<BatchStream>> make_parquet_scan(ScanOptions options, CancelToken cancel);

// A place in a dataset's rows.
struct RowRange {
  std::size_t file = 0;
  int row_group = 0;
  std::int64_t skip = 0;  // rows of the row group before the range
  std::int64_t take = 0;
};

// The row groups that rows [offset, offset + limit) lie in, from the row counts alone.
std::vector<RowRange> locate_rows(const std::vector<DataFile>& files, std::int64_t offset,
                                  std::optional<std::int64_t> limit);

}  // namespace canvasback
