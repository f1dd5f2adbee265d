// Encoder: turns batches of one schema into the bytes of one format, written to a ByteSink as they come.
// Contract: begin(schema) → write(batch)* → finish(), or abandon() at any point; the destructor asserts that one of
// the two happened. An encoder never finishes its sink after an error: a reader must be able to tell a broken
// stream from a complete one (no Arrow end-of-stream marker, no Parquet footer, no closing bracket).
// Memory: constant, a few blocks per thread. One caller at a time; encoders may use threads of their own.
// Which formats exist: encode/registry.hpp.
#pragma once

#include <atomic>
#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "stream/batch_stream.hpp"
#include "stream/byte_sink.hpp"

namespace canvasback {

// What a format with properties of its own says about the answer.
struct DocumentInfo {
  std::string title;  // the dataset
  // What was asked for, in the order to be shown: {"Filter", "{…}"}, {"Sort", "-amount"}.
  std::vector<std::pair<std::string, std::string>> properties;
  std::int64_t created_us = 0;  // since 1970-01-01 UTC
  std::int64_t rows_max = -1;   // there are at most so many; -1: unknown
};

struct EncodeOptions {
  // arrow: none, lz4, zstd; parquet: zstd, snappy, gzip, lz4, none; xlsx: fast, best; empty: the default
  std::string compression;
  bool numbers_exact = true;  // json, ndjson: integers beyond 2^53 and decimals as strings
  bool row_objects = false;   // json: "data", rows as objects by column name, instead of "rows"
  int threads = 1;            // how many threads may format at once
  // json only: called at the end for the members after "rows" (total_rows, next, performance_metrics).
  std::function<Json()> tail;
  DocumentInfo document;  // xlsx only
};

class Encoder {
 public:
  virtual ~Encoder() { assert(closed_ && "an encoder must be finished or abandoned"); }

  Status begin(SchemaPtr schema) { return do_begin(std::move(schema)); }
  Status write(BatchPtr batch) {
    rows_taken_ += batch->num_rows();
    return do_write(std::move(batch));
  }
  // Rows that the sink has the bytes of, or will have soon: for progress. Any thread may ask.
  virtual std::int64_t rows_done() const { return rows_taken_; }
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
  std::atomic<std::int64_t> rows_taken_ = 0;
  bool closed_ = false;
};

}  // namespace canvasback
