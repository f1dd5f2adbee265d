#include "worker/pool/supervision.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"

namespace canvasback {
namespace {

Decision kill(ErrorCode code, std::string message, int retry_after_s) {
  return {Decision::Kind::Kill, Error{code, std::move(message), {}, {}, retry_after_s}};
}

bool passes(std::size_t count, std::size_t bound) { return bound > 0 && count > bound; }

bool is_to_be_parked(const TaskSample& sample, const SupervisionRules& rules, bool others_wait, std::size_t parked) {
  switch (rules.parks) {
    case SupervisionRules::Parks::Nothing: return false;
    case SupervisionRules::Parks::UnreadAnswers: {
      const std::chrono::nanoseconds patience = others_wait ? limits::kParkAfterContended : limits::kParkAfter;
      return sample.unread && *sample.unread >= patience;
    }
    case SupervisionRules::Parks::StarvedStreams: break;
  }
  return sample.is_stream && others_wait && parked < rules.parked_max && sample.pulse.starved >= rules.starved_samples;
}

}  // namespace

Decision decision_on(const TaskSample& sample, const SupervisionRules& rules, bool others_wait, std::size_t parked) {
  if (passes(sample.pulse.silent, rules.silent_max)) {
    return kill(ErrorCode::Unavailable, "The worker stopped responding. Nothing was kept.", 1);
  }
  if (passes(sample.pulse.stalled, rules.stalled_max) || passes(sample.pulse.starved, rules.starved_max)) {
    return kill(ErrorCode::Unavailable, rules.stalled_message, 1);
  }
  if (sample.over_memory) {
    return kill(ErrorCode::MemoryLimit,
                fmt::format("The task exceeded the {} MB that a worker may use.", sample.memory_bytes_max / 1'000'000),
                0);
  }
  if (!sample.parked && is_to_be_parked(sample, rules, others_wait, parked)) return {Decision::Kind::Park};
  return {};
}

}  // namespace canvasback
