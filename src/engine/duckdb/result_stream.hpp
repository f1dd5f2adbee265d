// ResultStream: a running statement as a BatchStream. One thread fetches the engine's chunks (2,048 rows each) and
// groups them, others turn groups into Arrow batches, the reader takes them in order. Groups start at one chunk, so
// that the first rows come early, and grow to limits::kBatchRows or limits::kBatchBytesTarget. Bounded by
// limits::kEngineBytesInFlight.
#pragma once

#include <memory>
#include <string>

#include "base/cancel.hpp"
#include "engine/duckdb/handles.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback::duck {

struct ResultStreamOptions {
  std::string sql;  // for error positions
  std::optional<std::int64_t> row_limit;
  int convert_threads = 1;
  duckdb_connection connection = nullptr;  // to stop the statement when the stream is dropped early
};

// Takes the pending statement (and what it was prepared from), not yet executed.
// Errors: whatever the first step of the execution finds.
Result<std::unique_ptr<BatchStream>> make_result_stream(Prepared prepared, Pending pending, ResultStreamOptions options,
                                                        CancelToken cancel);

}  // namespace canvasback::duck
