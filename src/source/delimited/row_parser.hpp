// Rows of delimited text, one after the other, from UTF-8 in memory: where each cell lies, whether it was quoted. The
// rules: RFC 4180 with any delimiter, quote and escape; a quote counts only as the first byte of a cell, elsewhere it
// is text; \n, \r\n and a lone \r end a row. Nothing is copied. What no rule covers is an Anomaly, never a guess.
// Internal to source/delimited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "record/text_reading.hpp"
#include "source/delimited/byte_stops.hpp"

namespace canvasback::delimited {

struct Cell {
  std::string_view text;  // between the quotes; as it stands there
  bool quoted = false;
  bool escaped = false;  // plain_text() differs from text
};

// The text that a cell means; `scratch` holds it where it is not as it stands.
std::string_view plain_text(const Cell& cell, const TextDialect& dialect, std::string& scratch);

// Ends of lines in a text: \n, \r\n, and \r before anything else.
std::int64_t count_line_ends(std::string_view text);

class RowParser {
 public:
  // What is behind the text.
  enum class Behind {
    Unknown,       // more of the content: a row that reaches the end is not whole
    OtherRow,      // the begin of a row: as Unknown, but a \r that is last ends a row
    EndOfContent,  // nothing: the last row needs no line end
  };
  enum class Outcome {
    Row,
    End,         // no byte is left
    Incomplete,  // the begin of a row is left
    Anomaly,
  };

  RowParser(const TextDialect& dialect, std::string_view text, Behind behind);

  // Takes the next row, leaving out comment lines and, unless they are rows, blank ones.
  Outcome next();

  // Of the last row:
  const std::vector<Cell>& cells() const { return cells_; }
  std::size_t row_begin() const { return row_begin_; }
  std::int64_t row_line() const { return row_line_; }  // line ends before it
  // Behind the last row and the lines left out.
  std::size_t position() const { return position_; }
  std::int64_t lines() const { return lines_; }  // line ends before position()
  // What is wrong, after an Anomaly: "a quote that …", and line ends before the cell that it is in.
  const std::string& anomaly() const { return anomaly_; }
  std::int64_t anomaly_line() const { return anomaly_line_; }

 private:
  enum class Step { Delimiter, RowEnd, Incomplete, Anomaly };

  Outcome row();
  Step plain_cell(std::size_t begin);
  Step quoted_cell(std::size_t begin);
  Step end_of_cell(std::size_t stop);
  bool skip_line_without_row();
  std::size_t closing_quote(std::size_t from, bool& escaped) const;

  const TextDialect dialect_;
  const std::string_view text_;
  const Behind behind_;
  ByteStops stops_;
  std::vector<Cell> cells_;
  std::size_t at_ = 0;
  std::size_t position_ = 0;
  std::size_t row_begin_ = 0;
  std::int64_t lines_ = 0;
  std::int64_t row_line_ = 0;
  std::int64_t lines_in_row_ = 0;  // within its quotes
  std::string anomaly_;
  std::int64_t anomaly_line_ = 0;
};

}  // namespace canvasback::delimited
