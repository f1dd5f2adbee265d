// OutputOptions: how the rows of an answer are written. Given with a request, passed along as it is, obeyed by the
// encoder of the worker that answers.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace canvasback {

struct OutputOptions {
  std::string format = "json";   // of base/format_names.hpp
  std::string compression;       // of the format itself; empty: its default
  std::string content_encoding;  // gzip, zstd or empty: around the format
  bool numbers_exact = true;     // json: what a double does not hold goes as text
  bool row_objects = false;      // json: "data", rows as objects, instead of "rows"
  std::int64_t batch_rows = 0;   // arrow: of one batch; 0: as they come
};

Json to_json(const OutputOptions& output);
OutputOptions output_options_from_json(const Json& json);

}  // namespace canvasback
