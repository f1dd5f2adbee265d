// Encoder: turns batches of one schema into the bytes of one format, written to a ByteSink as they come.
// Contract: begin(schema) → write(batch)* → finish(), or abandon() at any point; the destructor asserts that one of
// the two happened. An encoder never finishes its sink after an error: a reader must be able to tell a broken
// stream from a complete one (no Arrow end-of-stream marker, no Parquet footer, no closing bracket).
// Memory: constant, a few blocks per thread. One caller at a time; encoders may use threads of their own.
// Which formats exist: encode/registry.hpp.
#pragma once

#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "stream/batch_stream.hpp"
#include "stream/byte_sink.hpp"

namespace canvasback {

struct EncodeOptions {
  std::string compression;    // arrow: none, lz4, zstd; parquet: zstd, snappy, gzip, lz4, none; empty: the default
  bool numbers_exact = true;  // json, ndjson: integers beyond 2^53 and decimals as strings
  int threads = 1;            // how many threads may format at once
  // json only: called at the end for the members after "rows" (total_rows, next, performance_metrics).
  std::function<Json()> tail;
};

class Encoder {
 public:
  virtual ~Encoder() { assert(closed_ && "an encoder must be finished or abandoned"); }

  Status begin(SchemaPtr schema) { return do_begin(std::move(schema)); }
  Status write(BatchPtr batch) { return do_write(std::move(batch)); }
  Status finish() {
    closed_ = true;
    return do_finish();
  }
  void abandon() {
    if (closed_) return;
    closed_ = true;
    do_abandon();
  }

 protected:
  virtual Status do_begin(SchemaPtr schema) = 0;
  virtual Status do_write(BatchPtr batch) = 0;
  virtual Status do_finish() = 0;  // must also finish the sink
  virtual void do_abandon() = 0;   // must also abandon the sink

 private:
  bool closed_ = false;
};

}  // namespace canvasback
