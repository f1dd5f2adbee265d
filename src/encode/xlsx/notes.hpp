// Notes: lossless or told. Every cell that is not the source's value as a value of the same kind is counted by column
// and reason; the counts become the sheet "Notes" of the workbook. Nothing to tell, no such sheet.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace canvasback::xlsx {

enum class Reason : std::uint8_t {
  IntegerAsText,
  DecimalAsText,
  NotFiniteAsText,
  TinyAsText,
  DateAsText,
  TimeAsText,
  TypeAsText,
  TimeRounded,
  TextTruncated,
  TextEscaped,
  TextReplaced,
};
inline constexpr std::size_t kReasons = 11;

// What happened and what to do about it, for people: "More than 15 digits: written as text".
std::string_view explain(Reason reason);

struct NoteCount {
  Reason reason;
  std::int64_t cells;
  std::int64_t first_row;  // of the block, later of the sheet
};

// The notes of one column in one block: mostly none.
class ColumnNotes {
 public:
  void add(Reason reason, std::int64_t row) {
    for (NoteCount& note : counts_) {
      if (note.reason != reason) continue;
      ++note.cells;
      return;
    }
    counts_.push_back({reason, 1, row});
  }
  const std::vector<NoteCount>& counts() const { return counts_; }

 private:
  std::vector<NoteCount> counts_;
};

struct BlockNote {
  int column;
  NoteCount count;
};

// The sum over the workbook, blocks added in row order.
class Notes {
 public:
  struct Entry {
    std::int64_t cells = 0;
    std::string first_cell;  // "orders!C17"
  };
  // first_cell is used where this is the first note of its kind in the column.
  void add(int column, Reason reason, std::int64_t cells, const std::string& first_cell) {
    Entry& entry = entries_[{column, reason}];
    if (entry.cells == 0) entry.first_cell = first_cell;
    entry.cells += cells;
  }
  bool has(int column, Reason reason) const { return entries_.contains({column, reason}); }
  bool empty() const { return entries_.empty(); }
  // By column, then reason.
  const std::map<std::pair<int, Reason>, Entry>& entries() const { return entries_; }

 private:
  std::map<std::pair<int, Reason>, Entry> entries_;
};

}  // namespace canvasback::xlsx
