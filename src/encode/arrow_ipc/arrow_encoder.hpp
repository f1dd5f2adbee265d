// Arrow IPC: the stream format ("arrow", application/vnd.apache.arrow.stream) and the file format ("arrow_file").
// Each batch's bytes are on their way before write() returns; the schema goes with the first batch, or at finish().
// Compression of the buffers: none (the default), lz4 or zstd, on Arrow's process-wide thread pool where
// EncodeOptions::threads > 1. Metadata of schema and fields is kept.
#pragma once

#include "encode/encoder.hpp"

namespace canvasback {

enum class ArrowContainer { Stream, File };

// The sink must outlive the encoder. Errors: InvalidData for another compression.
Result<std::unique_ptr<Encoder>> make_arrow_encoder(ArrowContainer container, ByteSink& sink,
                                                    const EncodeOptions& options);

}  // namespace canvasback
