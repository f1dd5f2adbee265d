// One column of a Parquet file, row group by row group, as Arrow arrays: for work that goes through a column and keeps
// none of it. A text column whose pages all refer to a dictionary comes as a dictionary array, so that its texts need
// not be made. One thread at a time; several readers may read one file.
#pragma once

#include <arrow/array.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "storage/dataset.hpp"

namespace canvasback {

class ColumnReader {
 public:
  // Errors: InvalidData for an unreadable file or an unknown column.
  static Result<std::unique_ptr<ColumnReader>> open(const DataFile& file, const std::string& column);
  virtual ~ColumnReader() = default;

  // Of the values: never a dictionary.
  virtual const std::shared_ptr<arrow::DataType>& type() const = 0;
  // Gives each array of the row group to `visit`, in order; ends at the first error of either.
  virtual Status read(int row_group, const std::function<Status(const arrow::Array&)>& visit) = 0;
};

// Bytes of the column before compression, all files together, from their footers: how much work it is to read.
Result<std::uint64_t> column_bytes(const Dataset& dataset, const std::string& column);

// What the footers of a dataset's files say of a column, where that is exact.
struct FooterFacts {
  std::int64_t nulls = 0;
  std::shared_ptr<arrow::Array> bounds;  // the least and the greatest value of each row group, not null
};

// Nothing where the footers do not say it, or might not be exact: truncated texts, floating point (whose statistics
// leave NaN out and confuse zeros), nested columns.
Result<std::optional<FooterFacts>> footer_facts(const Dataset& dataset, const std::string& column);

}  // namespace canvasback
