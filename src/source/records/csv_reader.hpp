// Records written as CSV (RFC 4180, a header row): each cell is looked at by itself. One that is a number in a
// canonical form (docs/text-files.md: 1.5, not 1.10 or 1E5) is one, true and false are booleans, an empty cell is NULL,
// everything else is text (`""` is the empty one). Amounts are numbers, too: 241.30 where every cell of its column in
// the block is a fraction of as many decimals. The first 64 KiB tell encoding (UTF-8, UTF-16) and delimiter (, ; tab |,
// or Excel's "sep=" line). Streaming: rows are given out in blocks. Memory: one block, one row, and that begin.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "source/records/shredded.hpp"

namespace canvasback {

// What is known of the columns before their cells are seen, from a schema.
struct CsvColumns {
  bool amounts = true;                            // as numbers, as above; without, they are text
  std::set<std::string, std::less<>> texts = {};  // whose cells are taken as they stand there: 0.00001 is no number
};

class CsvRecordReader {
 public:
  // A block of rows; an error of it ends the reading.
  using Take = std::function<Status(Shredded)>;

  CsvRecordReader(Take take, CsvColumns columns);
  ~CsvRecordReader();

  // Errors: those of `take`; InvalidData that names the line: a row with more or fewer cells than the header, text that
  // is not UTF-8 (or UTF-16), a quote where none may be; PayloadTooLarge for a row over limits::kRecordBytesMax.
  Status add(std::string_view bytes);
  Status finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace canvasback
