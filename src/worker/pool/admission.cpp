#include "worker/pool/admission.hpp"

#include <algorithm>

namespace canvasback {

std::size_t Admission::waiting() const {
  std::size_t count = 0;
  for (const Queue& queue : queues_) count += queue.size();
  return count;
}

std::vector<Admission::Id> Admission::all_waiting() const {
  std::vector<Id> out;
  for (const Queue& queue : queues_) {
    for (const Waiting& waiting : queue) out.push_back(waiting.id);
  }
  return out;
}

std::optional<Admission::Refusal> Admission::refusal(Lane lane) const {
  if (waiting() >= rules_.waiting_max) return Refusal::QueueFull;
  if (lane == Lane::Stream && (parked_full() || queue(lane).size() >= rules_.streams_waiting_max)) {
    return Refusal::StreamsFull;
  }
  return std::nullopt;
}

void Admission::wait(Id id, Lane lane, std::int64_t now_ns) { queue(lane).push_back({id, now_ns}); }

void Admission::leave(Id id) {
  for (Queue& queue : queues_) std::erase_if(queue, [&](const Waiting& waiting) { return waiting.id == id; });
}

std::size_t Admission::running_of(Lane lane) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(running_, [&](const auto& entry) { return entry.second == lane; }));
}

bool Admission::has_place(Lane lane) const {
  const auto places = static_cast<std::size_t>(rules_.places);
  if (running_.size() >= places) return false;
  const bool bounded = lane == Lane::Bounded || lane == Lane::Inspect;
  return bounded || !rules_.keeps_bounded_place || running_.size() - running_of(Lane::Bounded) < places - 1;
}

bool Admission::stream_may_start() const {
  const std::size_t running = running_of(Lane::Stream);
  return running == 0 || running + (rules_.parked_are_streams ? parked_.size() : 0) < rules_.streams_max;
}

std::optional<Admission::Id> Admission::front_of(Lane lane) const {
  if (queue(lane).empty() || !has_place(lane)) return std::nullopt;
  if (lane == Lane::Stream && !stream_may_start()) return std::nullopt;
  return queue(lane).front().id;
}

std::optional<Admission::Id> Admission::next() const {
  for (Lane lane : {Lane::Bounded, Lane::Inspect}) {
    if (auto id = front_of(lane)) return id;
  }
  const auto general = front_of(Lane::General);
  const auto stream = front_of(Lane::Stream);
  if (!general || !stream) return general ? general : stream;
  if (!rules_.takes_turns) return std::min(*general, *stream);
  return streams_turn_ ? stream : general;
}

void Admission::start(Id id) {
  for (Lane lane : {Lane::Bounded, Lane::Inspect, Lane::General, Lane::Stream}) {
    if (queue(lane).empty() || queue(lane).front().id != id) continue;
    queue(lane).pop_front();
    running_.emplace(id, lane);
    // The turn passes on where it was used.
    if (lane == (streams_turn_ ? Lane::Stream : Lane::General)) streams_turn_ = !streams_turn_;
    return;
  }
}

void Admission::park(Id id) {
  running_.erase(id);
  parked_.insert(id);
}

void Admission::end(Id id) {
  running_.erase(id);
  parked_.erase(id);
}

std::vector<Admission::Id> Admission::overdue(std::int64_t now_ns) const {
  std::vector<Id> out;
  for (const Queue& queue : queues_) {
    for (const Waiting& waiting : queue) {
      if (now_ns - waiting.since_ns > rules_.wait_max.count()) out.push_back(waiting.id);
    }
  }
  return out;
}

std::vector<Admission::Id> Admission::refused_streams() const {
  std::vector<Id> out;
  if (!parked_full()) return out;
  for (const Waiting& waiting : queue(Lane::Stream)) out.push_back(waiting.id);
  return out;
}

}  // namespace canvasback
