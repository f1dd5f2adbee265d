// ExactBatches: a stream's rows in batches of one size, the last one smaller. Not thread-safe; holds one batch's rows
// and one batch of the stream.
#pragma once

#include <deque>

#include "stream/batch_stream.hpp"

namespace canvasback {

class ExactBatches final : public BatchStream {
 public:
  // rows: at least 1. The stream must live longer.
  ExactBatches(BatchStream& from, std::int64_t rows) : from_(from), rows_(rows) {}

  SchemaPtr schema() const override { return from_.schema(); }
  Result<BatchPtr> next() override;

 private:
  BatchStream& from_;
  const std::int64_t rows_;
  std::deque<BatchPtr> pieces_;
  std::int64_t gathered_ = 0;
  bool ended_ = false;
};

}  // namespace canvasback
