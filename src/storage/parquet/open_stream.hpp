// A Parquet file that has no path, as a stream of batches: what a client sent.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>

#include "stream/batch_stream.hpp"

namespace canvasback {

// Errors: InvalidData for a file that is not Parquet or is damaged.
Result<std::unique_ptr<BatchStream>> open_parquet_stream(std::shared_ptr<arrow::io::RandomAccessFile> file);

}  // namespace canvasback
