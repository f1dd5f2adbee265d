// TaskMetrics: what a task did, for `performance_metrics`. Measured, never estimated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace canvasback {

struct TaskMetrics {
  std::int64_t rows = 0;
  double engine_ms = 0;                       // waiting for batches
  double encode_ms = 0;                       // formatting, without the time the socket was full
  std::string method;                         // how the rows were found: plain_scan, cached_block, duckdb, file, …
  std::vector<std::string> blocks;            // cache keys that were used
  std::optional<std::int64_t> counted_total;  // rows that match the filter, where this task came to know
};

}  // namespace canvasback
