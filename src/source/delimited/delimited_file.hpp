// CSV files (and their like: any delimiter, quote, encoding) in two passes. scan_delimited() reads a whole file once,
// on several threads, and looks at every cell: dialect, names, what each column's cells have in common, exact rows, and
// where each part begins. decide_columns() makes the columns of a dataset from the scans of all its files, and
// open_delimited() converts any part of them. The rules: docs/text-files.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "record/scan_work.hpp"
#include "record/text_reading.hpp"
#include "source/delimited/cell_kinds.hpp"
#include "stream/part_source.hpp"

namespace canvasback {

struct DelimitedScan {
  std::string path;
  TextFileReading reading;
  std::vector<CellKinds> cells;  // what the cells of each column have in common, as reading.names
};

// Errors: InvalidData that names the line and what was found there; those of the disk; Cancelled.
Result<DelimitedScan> scan_delimited(const std::string& path, const TextSettings& settings, const ScanWork& work);

// By name, in the order in which they first come. Errors: InvalidData for a told type that some cell does not fit.
Result<std::vector<TextColumn>> decide_columns(const std::vector<DelimitedScan>& scans, const TextSettings& settings);

// paths: as reading.files.
Result<std::unique_ptr<PartSource>> open_delimited(std::vector<std::string> paths, const TextReading& reading);

}  // namespace canvasback
