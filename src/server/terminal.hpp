// What a person at a terminal sees: tables that fit its width, a progress line on stderr. Nothing of it goes to a pipe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace canvasback {

struct TableColumn {
  std::string name;
  std::string type;
  bool right = false;  // numbers
};

// Cells beyond the width are cut with an ellipsis; columns that do not fit at all are named below the table.
std::string render_table(const std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows,
                         int width);

// Columns of the terminal on stdout; 120 where it is none.
int terminal_width();
bool is_terminal(int fd);
// A terminal that can draw over a line: TERM is neither dumb nor missing.
bool can_redraw(int fd);

// "canvasback: MESSAGE" on stderr; the name in red on a terminal with colours, unless NO_COLOR is set.
void print_error(const std::string& message);

// "[████····]  40 %, 400,000 of 1,000,000 rows (100,000/s), 12 MB, 3 MB/s, 6 s left": what is not known is left out.
std::string progress_text(const Json& progress, std::uint64_t bytes_out, double seconds);

// A line that is drawn over itself on stderr, at most ten times a second; silent where stderr cannot redraw.
class ProgressLine {
 public:
  explicit ProgressLine(std::string label);
  ~ProgressLine();
  // progress: rows, rows_expected, share of a worker's report; bytes_out: written so far.
  void update(const Json& progress, std::uint64_t bytes_out);
  void clear();

 private:
  std::string label_;
  bool active_;
  std::int64_t started_ns_;
  std::int64_t drawn_ns_ = 0;
};

}  // namespace canvasback
