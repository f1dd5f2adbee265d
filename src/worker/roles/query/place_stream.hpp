// PlaceStream: takes the hidden trailing columns (sort values as text, file index, row in file) off each batch and
// remembers the last row's, from which the cursor of the next page is made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/cursor.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

class PlaceStream final : public BatchStream {
 public:
  // hidden: how many trailing columns to take off; the last two are the place, those before them the sort values.
  // rows_max: how many rows to pass on; whether there were more is known afterwards.
  PlaceStream(std::unique_ptr<BatchStream> inner, int hidden, std::int64_t rows_max);

  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override;

  std::int64_t rows() const { return rows_; }
  bool more() const { return more_; }
  // The last row's values and place; empty before the first batch or where no column is hidden.
  const Cursor& last() const { return last_; }

 private:
  void remember(const arrow::RecordBatch& batch);

  std::unique_ptr<BatchStream> inner_;
  int hidden_;
  SchemaPtr schema_;
  std::int64_t rows_ = 0;
  std::int64_t rows_max_;
  bool more_ = false;
  Cursor last_;
};

}  // namespace canvasback
