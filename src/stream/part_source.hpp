// PartSource: a relation that lies in parts, each of which can be read by itself: what the engine scans with several
// threads, and what a page in the middle is read from. Parts stand in file order. Thread-safe; a Reader belongs to one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

class PartSource {
 public:
  struct Part {
    std::int64_t file = 0;       // which of the dataset's
    std::int64_t first_row = 0;  // in its file, from 0
    std::int64_t rows = 0;
  };

  class Reader {
   public:
    virtual ~Reader() = default;
    // The rows of a part, all of them, in the columns that were asked for. Errors: InvalidData, where the file is not
    // what it was when the parts were made, and names it.
    virtual Result<BatchPtr> read(std::size_t part) = 0;
  };

  virtual ~PartSource() = default;
  // Of all columns.
  virtual SchemaPtr schema() const = 0;
  virtual const std::vector<Part>& parts() const = 0;
  // Reading a part that does not follow the last one costs reading all before it: use one Reader.
  virtual bool is_sequential() const = 0;
  // columns: indexes into schema(), in the order wanted; may be empty (then batches have rows and no column).
  virtual Result<std::unique_ptr<Reader>> open(std::vector<int> columns, CancelToken cancel) const = 0;
};

}  // namespace canvasback
