// CompressingSink: a ByteSink that compresses on its way to the next one, for Accept-Encoding. finish() ends the gzip
// member or zstd frame and finishes the next sink; abandon() never ends it validly, so that a reader can tell.
// Bytes that arrive slowly are flushed rather than held back until a block of the compressor is full.
#pragma once

#include <memory>
#include <string_view>

#include "stream/byte_sink.hpp"

namespace canvasback {

// encoding: gzip or zstd. `next` must outlive the sink. Errors: InvalidData for another encoding.
Result<std::unique_ptr<ByteSink>> make_compressing_sink(std::string_view encoding, ByteSink& next);

}  // namespace canvasback
