// Column order: whether what a footer says of a column's values means what it says.
#pragma once

#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <memory>

namespace canvasback {

// Whether a chunk has bounds of another length than values of its column have.
inline bool has_broken_bounds(const parquet::ColumnChunkMetaData& chunk) {
  try {
    static_cast<void>(chunk.statistics());
    return false;
  } catch (const parquet::ParquetException&) {
    return true;
  }
}

// What is said of a chunk; nothing also where it has_broken_bounds().
inline std::shared_ptr<parquet::Statistics> readable_statistics(const parquet::ColumnChunkMetaData& chunk) {
  return has_broken_bounds(chunk) ? nullptr : chunk.statistics();
}

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
