// Help for who mistyped: the command or flag that was meant, and where in a statement an error is. Text only; what is
// printed, and with which exit code, is up to command_line and command_support.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace canvasback {

// The candidate that `word` most likely stands for: the one with the fewest typing errors (a character inserted,
// removed, replaced, or swapped with its neighbour), at most one for every three characters. Empty where none is near.
std::string closest_word(std::string_view word, const std::vector<std::string>& candidates);

// Where a byte of a statement is, and its line with a caret below the place:
//
//   line 2, column 8:
//     WHERE nosuch > 1
//           ^
//
// Lines and columns count from 1, columns in characters. A byte past the end is the end. Long lines are cut around it.
std::string statement_excerpt(std::string_view statement, std::size_t byte);

}  // namespace canvasback
