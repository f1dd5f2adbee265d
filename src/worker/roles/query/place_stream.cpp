#include "worker/roles/query/place_stream.hpp"

#include <arrow/array.h>

namespace canvasback {

PlaceStream::PlaceStream(std::unique_ptr<BatchStream> inner, int hidden, std::int64_t rows_max)
    : inner_(std::move(inner)), hidden_(hidden), rows_max_(rows_max) {
  auto fields = inner_->schema()->fields();
  fields.resize(fields.size() - static_cast<std::size_t>(hidden_));
  schema_ = arrow::schema(std::move(fields));
}

Result<BatchPtr> PlaceStream::next() {
  CANVASBACK_ASSIGN(BatchPtr batch, inner_->next());
  if (!batch || more_) return BatchPtr();
  if (batch->num_rows() > rows_max_ - rows_) {
    more_ = true;
    batch = batch->Slice(0, rows_max_ - rows_);
    if (batch->num_rows() == 0) return BatchPtr();
  }
  rows_ += batch->num_rows();
  if (hidden_ == 0) return batch;
  remember(*batch);
  auto columns = batch->columns();
  columns.resize(columns.size() - static_cast<std::size_t>(hidden_));
  return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
}

void PlaceStream::remember(const arrow::RecordBatch& batch) {
  const int visible = schema_->num_fields();
  const std::int64_t row = batch.num_rows() - 1;
  last_.values.clear();
  for (int i = 0; i < hidden_ - 2; ++i) {
    const auto& text = static_cast<const arrow::StringArray&>(*batch.column(visible + i));
    last_.values.push_back(text.IsNull(row) ? std::nullopt : std::optional(text.GetString(row)));
  }
  last_.file_index = static_cast<const arrow::Int64Array&>(*batch.column(visible + hidden_ - 2)).Value(row);
  last_.file_row = static_cast<const arrow::Int64Array&>(*batch.column(visible + hidden_ - 1)).Value(row);
}

}  // namespace canvasback
