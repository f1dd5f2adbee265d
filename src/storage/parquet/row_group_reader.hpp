// Some rows of one row group as record batches: each column decoded by ColumnDecoder where it can and by Arrow's reader
// where not (nested columns, rare encodings and types). Rows before the range are passed over without being decoded,
// and their pages without being decompressed, where ColumnDecoder reads. Errors: InvalidData for unreadable or damaged
// files and unknown columns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

struct RowGroupRange {
  int row_group = 0;
  std::int64_t skip = 0;  // rows before the range
  std::int64_t take = 0;
};

// One thread at a time.
class RowGroupReader {
 public:
  virtual ~RowGroupReader() = default;
  // The next rows of the range, in batches of about limits::kBatchBytesTarget; nullptr behind the last.
  virtual Result<BatchPtr> next() = 0;
};

// columns: names in the order wanted; empty: all.
Result<std::unique_ptr<RowGroupReader>> open_row_group(const DataFile& file, const std::vector<std::string>& columns,
                                                       RowGroupRange range);

// The range as one batch, its columns decoded by several threads: for a page, which wants it whole and soon.
Result<BatchPtr> read_rows(const DataFile& file, const std::vector<std::string>& columns, RowGroupRange range,
                           int threads);

// Some rows of a row group as one batch, in their order; what lies between them is passed over. rows: ascending.
Result<BatchPtr> pick_rows(const DataFile& file, const std::vector<std::string>& columns, int row_group,
                           std::span<const std::int64_t> rows, int threads);

// The schema of those batches: the file's names and types, without the metadata that its writer left.
Result<SchemaPtr> read_plain_schema(const DataFile& file, const std::vector<std::string>& columns);

// Bytes that a row group's columns take when decoded: an estimate from the footer, as dictionaries may expand.
Result<std::uint64_t> row_group_bytes(const DataFile& file, int row_group, const std::vector<std::string>& columns);

}  // namespace canvasback
