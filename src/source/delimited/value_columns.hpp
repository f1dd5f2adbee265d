// The values of one column's cells as an Arrow array, of a number of rows that is known before. Not thread-safe.
// Internal to source/delimited.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "source/delimited/cell_value.hpp"

namespace canvasback::delimited {

class ValueColumn {
 public:
  virtual ~ValueColumn() = default;
  // The value of the next row; false where the text is none of the column's type. Out of memory throws.
  virtual bool append(std::string_view text) = 0;
  // Leaves the next row NULL.
  virtual void append_null() = 0;
  virtual std::shared_ptr<arrow::Array> finish() = 0;
};

std::unique_ptr<ValueColumn> make_value_column(const ValueType& type, const CellRules& rules, std::int64_t rows);

}  // namespace canvasback::delimited
