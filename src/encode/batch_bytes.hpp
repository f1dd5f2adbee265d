// How much memory the values of a batch take, without what its buffers hold beyond them: for cutting batches into
// pieces of bounded size. An estimate for nested types.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>

namespace canvasback {

std::int64_t batch_bytes(const arrow::RecordBatch& batch);

}  // namespace canvasback
