// Readability: who reads a Parquet file rightly, told from its footer (and, of timestamps that may be finer than the
// engine's, from their values). The engine lacks some encodings and types, cuts some timestamps, and believes bounds
// that an old writer ordered in another way; libparquet refuses some schemas. What one cannot read the other does
// (storage/parquet/file_stream.hpp); what neither can is refused with both reasons.
#pragma once

#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

struct Readability {
  std::string schema;                // as text: files of one schema are read alike
  std::string engine_lacks;          // why the engine does not read the file, or not rightly; empty: it does
  std::string stream_lacks;          // why open_parquet_file() does not; empty: it does
  std::vector<std::string> columns;  // their names
  std::vector<std::string> nanos;    // columns with timestamps of nanoseconds that the engine reads as microseconds,
  std::vector<std::string> fine;     // and those of them with values that it would cut
  std::vector<std::string> nulls;    // columns of the logical type Null: nothing tells what else they are
  std::vector<std::string> enums;    // of the logical type ENUM, which may be bytes to the engine
  std::vector<std::string> zoned;    // of timestamps in UTC that the engine takes for times of no zone
  bool has_far_timestamps = false;   // INT96 that nanoseconds since 1970 do not reach
};

// Errors: InvalidData that names the file.
Result<Readability> parquet_readability(const DataFile& file, const CancelToken& cancel);

}  // namespace canvasback
