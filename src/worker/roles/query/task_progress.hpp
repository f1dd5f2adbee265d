// TaskProgress: how far the task at hand has come. The thread that runs the task writes it, the thread that reports
// reads it; each value alone is always whole.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/json.hpp"

namespace canvasback {

class TaskProgress {
 public:
  // A task begins.
  void begin();

  void expect_rows(std::int64_t rows) { rows_expected_ = rows; }
  void set_rows(std::int64_t rows) { rows_sent_ = rows; }
  void set_bytes(std::uint64_t bytes) { bytes_sent_ = bytes; }
  // Where rows do not tell: the share done of the step at hand.
  void set_share(double share) { share_done_ = share; }
  // The step that begins: what those before it had done of the whole, and how much of the whole it is.
  void begin_step(double done_before, double weight);

  // {"rows", "bytes", "rows_expected", "share"}: share is of the whole, -1 where nobody knows; the engine is asked
  // where the task says none.
  Json json(const std::function<double()>& engine_share) const;

 private:
  std::atomic<std::int64_t> rows_sent_ = 0;
  std::atomic<std::uint64_t> bytes_sent_ = 0;
  std::atomic<std::int64_t> rows_expected_ = -1;
  std::atomic<double> share_done_ = -1;
  std::atomic<double> share_from_ = 0;
  std::atomic<double> share_weight_ = 1;
};

}  // namespace canvasback
