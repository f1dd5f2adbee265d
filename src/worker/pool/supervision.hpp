// Supervision: what becomes of a running task that stands still or has grown: nothing, its place is given to others
// while it waits for its client (parked), or its process is killed. A policy: pure, of a sample that the pool takes
// once in limits::kMemorySamplePeriod.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "worker/pool/admission.hpp"

namespace canvasback {

// How the running task of a fed role does: samples in a row. Counted and not measured, so that a front that stood still
// itself blames nobody.
struct Pulse {
  std::size_t silent = 0;   // no frame came
  std::size_t stalled = 0;  // no work was done, though input or its end was there
  std::size_t starved = 0;  // nothing was fed, and there was room
};

struct SupervisionRules {
  // Samples; 0: no bound.
  std::size_t silent_max = 0;
  std::size_t stalled_max = 0;
  std::size_t starved_max = 0;
  const char* stalled_message = "";  // of the last two

  enum class Parks {
    Nothing,
    UnreadAnswers,   // whose reader leaves a piece of the answer alone for limits::kParkAfter, sooner where others wait
    StarvedStreams,  // whose client sends nothing for starved_samples, where others wait
  };
  Parks parks = Parks::Nothing;
  std::size_t starved_samples = 0;
  std::size_t parked_max = SIZE_MAX;  // starved streams at once

  bool counts_pulse() const { return silent_max > 0; }
};

struct TaskSample {
  Pulse pulse = {};
  std::optional<std::chrono::nanoseconds> unread = {};  // a piece of the answer lies there for so long
  bool is_stream = false;
  bool parked = false;
  std::uint64_t memory_bytes_max = 0;
  bool over_memory = false;
};

struct Decision {
  enum class Kind { GoOn, Park, Kill };
  Kind kind = Kind::GoOn;
  Error error = {};  // of Kill
};

// others_wait: tasks wait for a worker; parked: so many tasks are.
Decision decision_on(const TaskSample& sample, const SupervisionRules& rules, bool others_wait, std::size_t parked);

}  // namespace canvasback
