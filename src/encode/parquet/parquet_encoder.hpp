// Parquet, written as it comes: row groups of kRowGroupRows rows or kRowGroupBytes of values, whichever is first, the
// footer only at finish(). Compression: zstd (level 3, the default), snappy, gzip, lz4 or none; columns are encoded on
// EncodeOptions::threads threads. The Arrow schema is kept in the file, so that Arrow readers get the very same types
// (time zones, durations, large strings); others see Parquet's logical types. Parquet has no seconds: such timestamps
// come back as milliseconds. Statistics are on.
// Memory: one compressed row group and the pages being filled.
#pragma once

#include "encode/encoder.hpp"

namespace canvasback {

// The sink must outlive the encoder. Errors: InvalidData for another compression; begin() DataProcessing for a type
// that Parquet has not (intervals of months, unions), naming the column.
Result<std::unique_ptr<Encoder>> make_parquet_encoder(ByteSink& sink, const EncodeOptions& options);

}  // namespace canvasback
