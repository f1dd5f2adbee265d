// A column's values in as few bytes as they need, for table files that are read a row here and a row there: whole
// numbers (times, dates and decimals too) as their distance from the least of them, texts that repeat by their number
// in a dictionary, anything else as it is. Half as many bytes are written, kept in the cache, and touched by a window
// (docs/decisions/0011). Pure.
#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/error.hpp"

namespace canvasback {

struct StoredColumn {
  std::shared_ptr<arrow::Field> field;  // of the table file: it tells how the values are kept
  std::shared_ptr<arrow::Array> values;
};

// field: the column as it is. chunks: its values, of the field's type, or dictionaries of texts where that is a text.
// Errors: MemoryLimit.
Result<StoredColumn> store_column(const arrow::Field& field, const arrow::ArrayVector& chunks);

// Chunks as one array of the field's type. Errors: MemoryLimit.
Result<std::shared_ptr<arrow::Array>> plain_column(const arrow::Field& field, const arrow::ArrayVector& chunks);

// How the values of a table file are to be read.
class StoredForm {
 public:
  // stored: the table file's field. Nothing where it does not hold values of this type.
  static std::optional<StoredForm> of(const arrow::Field& stored, const arrow::DataType& type);

  // The values of rows [row, row + count), as they were, to a builder of their type.
  arrow::Status append(const arrow::ArrayData& values, std::int64_t row, std::int64_t count,
                       arrow::ArrayBuilder& builder) const;

 private:
  enum class Kind { Plain, Distance, Dictionary };
  arrow::Status append_distances(const arrow::ArrayData& values, std::int64_t row, std::int64_t count,
                                 arrow::ArrayBuilder& builder) const;
  Kind kind_ = Kind::Plain;
  std::int64_t base_ = 0;
};

}  // namespace canvasback
