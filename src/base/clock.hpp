// Clocks: monotonic time for durations (the same clock in every process of one machine), wall time for humans.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace canvasback {

using Clock = std::chrono::steady_clock;

// Nanoseconds of CLOCK_MONOTONIC; comparable between the front and its workers.
std::int64_t monotonic_ns();
// Microseconds since 1970-01-01 UTC.
std::int64_t wall_us();
// "2026-01-31T12:00:00.123Z"
std::string iso_time(std::int64_t since_epoch_us);

// Milliseconds since construction or the last restart.
class Stopwatch {
 public:
  Stopwatch() : start_ns_(monotonic_ns()) {}
  double elapsed_ms() const { return static_cast<double>(monotonic_ns() - start_ns_) / 1e6; }
  void restart() { start_ns_ = monotonic_ns(); }

 private:
  std::int64_t start_ns_;
};

}  // namespace canvasback
