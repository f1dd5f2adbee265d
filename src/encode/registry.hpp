// The output formats by name. Adding one touches its own folder and the table in registry.cpp.
#pragma once

#include <string_view>

#include "encode/encoder.hpp"

namespace canvasback {

// format: json, ndjson, csv, arrow (IPC stream), arrow_file (IPC file), parquet, xlsx; sql and tsv, for a MySQL client,
// which no route offers. The sink must outlive the encoder. Errors: InvalidData for an unknown format or compression.
Result<std::unique_ptr<Encoder>> make_encoder(std::string_view format, ByteSink& sink, const EncodeOptions& options);

}  // namespace canvasback
