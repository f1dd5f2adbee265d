// PullSchedule: pulls sources when their files say so, one pull of each at a time. A pull that failed is tried again
// soon, then less and less often, and by its file's times once it succeeds. A source may be paused: a file beside its
// table says so, which outlives the program. On the front's one thread.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "service/pull/pull_service.hpp"
#include "service/schedule/schedule.hpp"

namespace canvasback {

// When a source is pulled next. Pure.
struct PullTurn {
  std::int64_t due_us = 0;
  std::int64_t failures = 0;  // in a row

  // Behind a pull that ended then.
  void ended(const PullSettings& settings, bool failed, std::int64_t now_us);
};

class PullSchedule {
 public:
  // All of them outlive it.
  PullSchedule(asio::any_io_executor executor, PullService& pulls) : executor_(executor), pulls_(pulls) {}

  // Begins; until the schedule is stopped. `read` gives the sources' files as they are now, and is asked again and
  // again; `told` is called behind every pull.
  void start(Schedule& schedule, std::function<PullSources()> read,
             std::function<void(const PullSettings&, const PullReport&, std::int64_t failures)> told);
  // One out of turn; its report goes the way of the others. Errors: as PullService::pull, at once.
  Status pull_now(const std::string& name, PullRequest request);

  Status pause(const std::string& name);
  Status resume(const std::string& name);
  bool is_paused(const std::string& name) const;
  const std::map<std::string, PullTurn>& turns() const { return turns_; }

 private:
  asio::awaitable<void> look();
  void begin(const std::string& name, PullRequest request);
  std::string pause_path(const std::string& name) const;

  asio::any_io_executor executor_;
  PullService& pulls_;
  std::function<PullSources()> read_;
  std::function<void(const PullSettings&, const PullReport&, std::int64_t)> told_;
  std::map<std::string, PullTurn> turns_;
  std::int64_t looks_ = 0;
};

}  // namespace canvasback
