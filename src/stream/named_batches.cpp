#include "stream/named_batches.hpp"

namespace canvasback {

NamedBatches::NamedBatches(std::unique_ptr<BatchStream> inner, const std::vector<std::string>& names)
    : inner_(std::move(inner)) {
  auto fields = inner_->schema()->fields();
  for (std::size_t i = 0; i < names.size(); ++i) fields[i] = fields[i]->WithName(names[i]);
  schema_ = arrow::schema(std::move(fields), inner_->schema()->metadata());
}

Result<BatchPtr> NamedBatches::next() {
  CANVASBACK_ASSIGN(BatchPtr batch, inner_->next());
  if (!batch) return batch;
  return arrow::RecordBatch::Make(schema_, batch->num_rows(), batch->columns());
}

}  // namespace canvasback
