// Column order: whether the bounds that a footer has of a column mean what they say.
#pragma once

#include <parquet/schema.h>
#include <parquet/types.h>

namespace canvasback {

// Before a footer said how its bounds are ordered, writers compared bytes and unsigned numbers as signed ones
// (PARQUET-251, PARQUET-686): only of types for which that is right may such bounds be used.
inline bool has_believable_order(const parquet::ColumnDescriptor& column) {
  if (column.column_order().get_order() == parquet::ColumnOrder::TYPE_DEFINED_ORDER) return true;
  switch (column.physical_type()) {
    case parquet::Type::BYTE_ARRAY:
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
    case parquet::Type::INT96: return false;
    default: return column.sort_order() == parquet::SortOrder::SIGNED;
  }
}

}  // namespace canvasback
