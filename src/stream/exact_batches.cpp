#include "stream/exact_batches.hpp"

#include <arrow/table.h>

#include <algorithm>

namespace canvasback {

Result<BatchPtr> ExactBatches::next() {
  while (!ended_ && gathered_ < rows_) {
    CANVASBACK_ASSIGN(BatchPtr batch, from_.next());
    ended_ = batch == nullptr;
    if (!batch) break;
    gathered_ += batch->num_rows();
    pieces_.push_back(std::move(batch));
  }
  if (gathered_ == 0) return BatchPtr();
  const std::int64_t wanted = std::min(rows_, gathered_);
  arrow::RecordBatchVector taken;
  for (std::int64_t rows = 0; rows < wanted;) {
    BatchPtr& piece = pieces_.front();
    const std::int64_t take = std::min(wanted - rows, piece->num_rows());
    taken.push_back(piece->Slice(0, take));
    rows += take;
    if (take == piece->num_rows()) {
      pieces_.pop_front();
    } else {
      piece = piece->Slice(take);
    }
  }
  gathered_ -= wanted;
  if (taken.size() == 1) return taken[0];
  auto table = arrow::Table::FromRecordBatches(from_.schema(), taken);
  if (table.ok()) {
    auto whole = (*table)->CombineChunksToBatch();
    if (whole.ok()) return *whole;
    return fail(ErrorCode::MemoryLimit, "A batch needs more memory than a worker has.", whole.status().ToString());
  }
  return fail(ErrorCode::DataProcessing, "Batches of one stream differ.", table.status().ToString());
}

}  // namespace canvasback
