// BatchStream: a schema and a sequence of Arrow record batches, pulled one at a time. Where everything meets:
// engine, source and storage make one, encode takes it. Contract:
// - schema() is valid from the start; every batch has exactly that schema, no dictionary-encoded column among it.
// - next() returns a batch of 1 or more rows, nullptr at the end (and ever after), or an error; after an error the
//   stream is over. It may block; it polls the CancelToken it was made with and then ends with that token's error.
// - Memory: a stream keeps a bounded number of bytes ahead of its reader (base/limits).
// - Not thread-safe: one reader. Destroying it early is allowed and releases all its threads.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "base/error.hpp"

namespace canvasback {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using SchemaPtr = std::shared_ptr<arrow::Schema>;

class BatchStream {
 public:
  virtual ~BatchStream() = default;
  virtual SchemaPtr schema() const = 0;
  virtual Result<BatchPtr> next() = 0;
};

}  // namespace canvasback
