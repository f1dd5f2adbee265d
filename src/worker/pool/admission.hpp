// Admission: which of the tasks that wait for a worker of a role may have one, and which may not even wait. A policy:
// it knows tasks by their numbers, is told the time, and neither starts nor stops anything. First in, first out in each
// lane. O(log n) per call, O(n) where it says so.
#pragma once

#include <array>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace canvasback {

// What a task may need: about a second, long, as long as its client likes, a look into a dataset's files.
enum class Lane { Bounded, General, Stream, Inspect };

struct AdmissionRules {
  int places = 1;                      // tasks at once, without parked ones
  bool keeps_bounded_place = false;    // one of them is for bounded tasks and inspections only
  bool takes_turns = true;             // general tasks and streams; false: of both, first come, first served
  std::size_t streams_max = SIZE_MAX;  // at once; one may always run
  bool parked_are_streams = false;     // they count among these
  std::size_t parked_max = SIZE_MAX;   // no stream may wait once so many tasks are parked
  std::size_t waiting_max = 64;
  std::size_t streams_waiting_max = SIZE_MAX;
  std::chrono::nanoseconds wait_max = std::chrono::nanoseconds::max();
};

class Admission {
 public:
  using Id = std::uint64_t;  // later tasks have higher ones

  explicit Admission(const AdmissionRules& rules) : rules_(rules) {}

  enum class Refusal { QueueFull, StreamsFull };
  // Whether one more of the lane may not wait, and why.
  std::optional<Refusal> refusal(Lane lane) const;
  void wait(Id id, Lane lane, std::int64_t now_ns);
  // It does not wait any more. O(n).
  void leave(Id id);
  // The one that may start now, provided that a process is idle; each call says the same until something changes.
  std::optional<Id> next() const;
  // That one starts and has a place from here on; precondition: it is next().
  void start(Id id);
  // A task that runs, in a place or not, stands still: others get its place. It is counted as parked until end().
  void park(Id id);
  // Its place is free, and it is not counted any more, parked or not. Nothing where it is unknown.
  void end(Id id);

  // Those that have waited longer than they may. O(n).
  std::vector<Id> overdue(std::int64_t now_ns) const;
  // Those that wait as streams, where no stream may. O(n).
  std::vector<Id> refused_streams() const;
  bool parked_full() const { return parked_.size() >= rules_.parked_max; }
  std::size_t waiting() const;
  std::vector<Id> all_waiting() const;
  std::size_t running() const { return running_.size(); }  // in places
  std::size_t parked() const { return parked_.size(); }
  const AdmissionRules& rules() const { return rules_; }

 private:
  struct Waiting {
    Id id;
    std::int64_t since_ns;
  };
  using Queue = std::deque<Waiting>;
  Queue& queue(Lane lane) { return queues_[static_cast<std::size_t>(lane)]; }
  const Queue& queue(Lane lane) const { return queues_[static_cast<std::size_t>(lane)]; }
  std::size_t running_of(Lane lane) const;
  std::optional<Id> front_of(Lane lane) const;
  bool has_place(Lane lane) const;
  bool stream_may_start() const;

  const AdmissionRules rules_;
  std::array<Queue, 4> queues_;
  bool streams_turn_ = false;
  std::map<Id, Lane> running_;
  std::set<Id> parked_;
};

}  // namespace canvasback
