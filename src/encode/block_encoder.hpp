// BlockEncoder: an Encoder made of independent blocks. A BlockFormatter turns one batch into bytes without state,
// so several threads format at once; the blocks are written in the order of the batches. Bounded: at most
// limits::kBlocksInFlightPerThread blocks per thread wait.
#pragma once

#include <memory>
#include <string>

#include "encode/encoder.hpp"

namespace canvasback {

// Stateless once begin() returned: format() is called from several threads.
class BlockFormatter {
 public:
  virtual ~BlockFormatter() = default;
  // Learns the schema and appends what stands before the first row.
  virtual Status begin(const SchemaPtr& schema, std::string& out) = 0;
  // Appends the rows of one batch; first_row is its first row's number in the whole answer, from 0.
  virtual Status format(const arrow::RecordBatch& batch, std::int64_t first_row, std::string& out) const = 0;
  // Appends what stands after the last row; called once, last.
  virtual Status end(std::int64_t rows, std::string& out) = 0;
};

// The sink must outlive the encoder. threads = 1 formats on the caller's thread.
std::unique_ptr<Encoder> make_block_encoder(std::unique_ptr<BlockFormatter> formatter, ByteSink& sink, int threads);

}  // namespace canvasback
