// The output formats as the outside sees them: names, media types, file extensions. The encoders themselves are in
// encode/ and only workers have them.
#pragma once

#include <optional>
#include <string_view>

namespace canvasback {

struct OutputFormat {
  std::string_view name;
  std::string_view media_type;
  std::string_view extension;
  bool compressible;  // Accept-Encoding is honoured: the format is not compressed already
};

// json, ndjson, csv, arrow, arrow_file, parquet, xlsx.
const OutputFormat* find_output_format(std::string_view name);
// The format of the most preferred media type of an Accept header; nullptr where none is acceptable. "*/*" is json.
const OutputFormat* negotiate_format(std::string_view accept);

}  // namespace canvasback
