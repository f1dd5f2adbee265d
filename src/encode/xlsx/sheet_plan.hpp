// SheetPlan: what must be known before the first row of a sheet is written, and what the first rows tell about it: the
// format of each column's cells, the columns' widths, the header.
#pragma once

#include <arrow/type.h>

#include <string>
#include <string_view>
#include <vector>

#include "encode/xlsx/block_cutter.hpp"
#include "encode/xlsx/cell_column.hpp"

namespace canvasback::xlsx {

inline constexpr int kHeaderStyle = 1;
inline constexpr int kFirstFormatStyle = 2;  // of formats[0]

struct SheetPlan {
  std::vector<ColumnLook> looks;
  std::vector<std::string> formats;  // number formats; the style of formats[i] is kFirstFormatStyle + i
  std::vector<int> widths;           // in characters
  std::vector<std::string> headers;
};

// From the schema and up to kPlanRows rows of the first block (none where there are no rows).
SheetPlan plan_sheet(const arrow::Schema& schema, const RowBlock& first);

}  // namespace canvasback::xlsx
