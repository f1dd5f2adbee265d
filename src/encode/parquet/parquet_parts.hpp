// A small Parquet file that is read by ranges: written whole into memory, with row groups of a given length, and where
// they lie, so that a reader needs neither the footer's length nor the file's. Dictionaries for texts, plain values for
// numbers, ZSTD, no statistics: any reader takes it, and the same rows always give the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

struct ParquetPart {
  std::int64_t offset = 0;  // of its first byte
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
};

struct ParquetParts {
  std::string bytes;              // the file
  std::int64_t footer_bytes = 0;  // at its end: the footer, its length and the magic word
  std::int64_t rows = 0;
  std::vector<ParquetPart> row_groups;
};

struct ParquetPartsOptions {
  std::int64_t row_group_rows = 65'536;
  std::uint64_t bytes_max = UINT64_MAX;  // of the file
};

// Reads the stream to its end. Errors: PayloadTooLarge past bytes_max; those of the stream; DataProcessing.
Result<ParquetParts> write_parquet_parts(BatchStream& rows, const ParquetPartsOptions& options);

}  // namespace canvasback
