// JSON files (records a line each, in an array, or one behind the other) in two passes, as source/delimited does for
// CSV: scan_json() looks at every value once and notes where each part begins; the columns are those of the merged
// kinds (record/kinds.hpp); open_json() converts any part. No text is taken for a date, a number or anything else. A
// bad record makes the file unreadable: an error that names its line. Of what is told (TextSettings) only the encoding
// means something here. Places in a file that is not UTF-8 are those of its text as UTF-8.
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

// Errors: InvalidData that names the line and what is wrong there, or a setting that JSON files do not have; those of
// the disk; Cancelled.
Result<JsonScan> scan_json(const std::string& path, const TextSettings& settings, const ScanWork& work);

// Of the kinds of all files together, those that their columns are made of: a key that is only ever null has a column
// of texts, and there always is a column.
Kinds column_kinds(const Kinds& merged);

// With the reason for each column that stands beside another of its key.
std::vector<TextColumn> json_columns(const Kinds& kinds);

// reading.kinds: column_kinds() of all files. paths: as reading.files.
Result<std::unique_ptr<PartSource>> open_json(std::vector<std::string> paths, const TextReading& reading);

}  // namespace canvasback
