// CellColumn: one column of a block's rows, bound once, then asked for the cell of row after row, as XML. What each
// type becomes (a value that does not fit is text, cut or rounded, and counted: notes.hpp):
//
//   type                     cell
//   null                     <c/>, an empty cell
//   bool                     TRUE, FALSE
//   integers, decimals       a number of at most 15 digits, which Excel keeps exactly; else text with all digits
//   floating point           a number, the shortest digits that read back as the same; NaN and infinities are text
//   text                     text, by number (shared) or in the cell; never a formula
//   dates, times, timestamps a serial number with a format; with a time zone in UTC, which the header says;
//                            outside Excel's calendar text in ISO 8601
//   intervals, binary,       text: ISO 8601, base64, JSON
//   nested, others
//
// Stateless but for its notes: used by one thread.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/format.hpp"
#include "encode/value_text.hpp"
#include "encode/xlsx/notes.hpp"

namespace canvasback::xlsx {

enum class CellKind : std::uint8_t { Null, Bool, Integer, Floating, Decimal, Text, Date, Time, Timestamp, Other };
CellKind kind_of(const arrow::DataType& type);

// How the cells of a column look, the same in all blocks.
struct ColumnLook {
  CellKind kind = CellKind::Null;
  int style = 0;  // index of a cell format in styles.xml; 0: none
};

// The cell of a shared word, ready to be copied: <c t="s"><v>4294967295</v></c> at most. No size: it has no number.
struct WordCell {
  char text[31];
  std::uint8_t size;
};
WordCell word_cell(std::uint32_t number);

// The data members are how the column was bound: for the functions of cell_column*.cpp alone.
struct CellColumn {
  // Cells of shared words: `rows` are indices in `cells`, for the rows of this array; null for none.
  struct Shared {
    const std::uint32_t* rows = nullptr;
    const WordCell* cells = nullptr;
  };

  // row_base: the array's first row in its block, for the notes. Keeps the array alive.
  CellColumn(std::shared_ptr<arrow::Array> column, const ColumnLook& look, Shared words, std::int64_t row_base,
             ColumnNotes& column_notes);

  void append(std::int64_t row, TextWriter& out) { append_cell(*this, row, out); }

  bool is_null(std::int64_t row) const {
    return validity != nullptr && !arrow::bit_util::GetBit(validity, offset + row);
  }
  void note(Reason reason, std::int64_t row) { notes->add(reason, first_row + row); }

  using Append = void (*)(CellColumn&, std::int64_t row, TextWriter& out);

  Append append_cell = nullptr;
  std::array<char, 16> open{};  // <c s="12"><v>
  std::uint8_t open_size = 0;
  const std::uint8_t* validity = nullptr;  // nullptr where no value is null
  std::int64_t offset = 0;                 // of the first row in validity
  const std::uint8_t* values = nullptr;    // fixed width: the first row's value
  int scale = 0;                           // decimals
  TimeUnit unit = TimeUnit::Microsecond;
  bool utc = false;
  Shared shared;
  std::int64_t first_row = 0;
  ColumnNotes* notes = nullptr;
  std::shared_ptr<arrow::Array> array;
  std::unique_ptr<ValueText> other;  // types without cells of their own
  std::string scratch;
};

// A cell of text, escaped as it needs to be; `row` for its notes.
void append_text_cell(CellColumn& column, std::int64_t row, std::string_view text, TextWriter& out);

// Choose how to append cells of the column's type; nullptr where the type is of another sort.
CellColumn::Append number_cells(CellColumn& column);
CellColumn::Append time_cells(CellColumn& column);

// Leaves out the cells that are null.
template <CellColumn::Append Append>
void append_or_empty(CellColumn& column, std::int64_t row, TextWriter& out) {
  if (column.is_null(row)) return out.append(std::string_view("<c/>"));
  Append(column, row, out);
}
// The function itself, or with a look for nulls where there are some.
template <CellColumn::Append Append>
CellColumn::Append nullable(const CellColumn& column) {
  return column.validity == nullptr ? Append : append_or_empty<Append>;
}

// The value at a row of a fixed-width column.
template <class T>
T value_at(const CellColumn& column, std::int64_t row) {
  T value;
  std::memcpy(&value, column.values + row * static_cast<std::int64_t>(sizeof(T)), sizeof value);
  return value;
}

// Puts `<c s="2"><v>`, what `write` puts at the place it is given (at most `Chars`), and `</v></c>`.
template <std::size_t Chars, class Write>
void append_value_cell(CellColumn& column, TextWriter& out, Write write) {
  char* to = out.reserve(column.open.size() + Chars + 8);
  std::memcpy(to, column.open.data(), column.open.size());
  to = write(to + column.open_size);
  std::memcpy(to, "</v></c>", 8);
  out.advance_to(to + 8);
}

}  // namespace canvasback::xlsx
