// A Parquet file as a stream of portable batches (stream/portable_batches.hpp), for the engine to read in place of the
// file: what it cannot decode, or would read as something else (readability.hpp). All columns, in the file's order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

// fine: the columns with timestamps finer than a microsecond (Readability::fine), of any file that is read together
// with this one. Errors: InvalidData that names the file.
Result<std::unique_ptr<BatchStream>> open_parquet_file(const DataFile& file, const std::vector<std::string>& fine,
                                                       CancelToken cancel);

}  // namespace canvasback
