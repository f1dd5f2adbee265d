// JSON files (records a line each, or in an array) in two passes, as source/delimited does for CSV: scan_json() looks at
// every value once and notes where each part begins; the columns are those of the merged kinds (record/kinds.hpp);
// open_json() converts any part. A bad record makes the file unreadable: an error that names its line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "record/scan_work.hpp"
#include "record/text_reading.hpp"
#include "stream/part_source.hpp"

namespace canvasback {

struct JsonScan {
  TextFileReading reading;
  Kinds kinds;
};

Result<JsonScan> scan_json(const std::string& path, const TextSettings& settings, const ScanWork& work);

// reading.kinds: merged over all files. paths: as reading.files.
Result<std::unique_ptr<PartSource>> open_json(std::vector<std::string> paths, const TextReading& reading);

}  // namespace canvasback
