// One reading of a whole file with a given dialect, on several threads, in constant memory. Blocks of the content are
// parsed at the same time, each from where a row seems to begin in it; then, in order, what lies between two blocks is
// parsed, and a block that began in the wrong place (within quotes) is parsed again from the right one: the result is
// that of one thread, always. Internal to source/delimited.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "record/scan_work.hpp"
#include "source/delimited/content_reader.hpp"
#include "source/delimited/row_tally.hpp"

namespace canvasback::delimited {

// Where the reading begins: behind the first row, which only tells what the others are compared with.
struct ScanStart {
  std::uint64_t place = 0;  // in the content
  std::int64_t lines = 0;   // line ends before it
};

struct FileScan {
  // Something no rule covers; then the rest is not to be used.
  std::string anomaly;
  std::int64_t anomaly_line = 0;  // from 1

  RowTally tally;               // of the rows behind the first; without `begins`
  std::vector<TextPart> parts;  // first_row 0 is the one behind the first row; the first part has one row less
  std::uint64_t end = 0;        // of the content
};

// Errors: InvalidData for invalid text and rows without end, naming the line; those of the disk; Cancelled.
Result<FileScan> scan_file(const std::string& path, Encoding encoding, const CellLook& look, const ScanStart& start,
                           const ScanWork& work);

}  // namespace canvasback::delimited
