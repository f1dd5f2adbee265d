// Whether a file's first row names its columns, and the names that follow. The rule (docs/text-files.md): it does where
// a cell of it is text above a column of numbers, times or booleans; else it does not where a cell of it is itself such
// a value; else, all being text, it does. Pure. Internal to source/delimited.
#pragma once

#include <string>
#include <vector>

#include "source/delimited/cell_kinds.hpp"
#include "source/delimited/dialects.hpp"

namespace canvasback::delimited {

struct HeaderFound {
  bool header = false;
  bool certain = false;  // by a column that the first row does not belong to, or a type told by name
};

// rest: of the rows behind the first.
HeaderFound find_header(const std::vector<FirstCell>& first, const std::vector<CellKinds>& rest,
                        const TextSettings& settings);

// `count` different names: of the first row's cells where it is a header (a repeated name gets _1, _2, …), column0 and
// so on, by their position, where nothing names them.
std::vector<std::string> column_names(const std::vector<FirstCell>& first, bool header, std::size_t count);

}  // namespace canvasback::delimited
