// RowTally: what a run of rows has: counts, the kinds of its columns' cells, and where its rows begin. Made by one
// thread from a piece of the text; pieces are put together in their order by delimited_scan.cpp.
// Internal to source/delimited.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/delimited/cell_kinds.hpp"
#include "source/delimited/cell_value.hpp"
#include "source/delimited/row_parser.hpp"

namespace canvasback::delimited {

// How cells are looked at, the same for all rows of a file.
struct CellLook {
  TextDialect dialect;
  std::size_t width = 0;  // cells of the first row
  std::vector<std::string> null_values;
  CellRules rules;                             // decimal, date_format
  std::vector<std::optional<ValueType>> told;  // by column of the header; may be shorter

  // Whether a cell is NULL, not a text.
  bool is_null(const Cell& cell, std::string_view text) const;
};

struct RowTally {
  std::int64_t rows = 0;
  std::int64_t lines = 0;   // line ends
  std::int64_t narrow = 0;  // rows of fewer cells than the first
  std::int64_t wide = 0;    // of more
  std::int64_t single = 0;  // of one
  std::vector<CellKinds> columns;
  struct Begin {
    std::uint32_t place = 0;
    std::uint32_t line = 0;  // line ends before it
  };
  std::vector<Begin> begins;  // of the rows, in the text
};

enum class RowsEnd { End, Incomplete, Anomaly, TooManyColumns };

struct TalliedRows {
  RowTally tally;
  RowsEnd end = RowsEnd::End;
  std::size_t position = 0;  // behind the last whole row
  std::string anomaly;
  std::int64_t anomaly_line = 0;  // line ends before it
};

// Tallies the rows of the text.
TalliedRows tally_rows(const CellLook& look, std::string_view text, RowParser::Behind behind);

// Notes one cell.
void look_at(CellKinds& kinds, std::size_t column, const Cell& cell, std::int64_t line, const CellLook& look,
             std::string& scratch);

}  // namespace canvasback::delimited
