// The columns of a rollup's file, made from those of its groups: texts of dimensions and of leaves that are neither
// numbers nor sums, as answers in JSON write them; scaled integers of decimals. And what the first column's text is at
// both ends of each row group, for readers that look one up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stream/batch_stream.hpp"

namespace canvasback {

// What becomes of a column of the statement.
enum class RollupColumn { AsIs, Text, ScaledInteger };

class RollupBatches final : public BatchStream {
 public:
  // `columns`: one for each of the rows' columns. bounds_of: the column whose ends are noted every `group_rows` rows;
  // -1: none.
  RollupBatches(BatchStream& rows, std::vector<RollupColumn> columns, int bounds_of, std::int64_t group_rows);

  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override;

  struct Bounds {
    std::optional<std::string> first;  // nothing: null
    std::optional<std::string> last;
  };
  const std::vector<Bounds>& bounds() const { return bounds_; }

 private:
  void note_bounds(const arrow::Array& texts);

  BatchStream& rows_;
  std::vector<RollupColumn> columns_;
  int bounds_of_;
  std::int64_t group_rows_;
  std::int64_t row_ = 0;
  SchemaPtr schema_;
  std::vector<Bounds> bounds_;
};

}  // namespace canvasback
