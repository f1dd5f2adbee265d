// Schedule: the clock that what the front does again and again runs on: keeping house, scrubs, feeds, looking for
// changed files. One for the program; once it is stopped nothing more is begun, and whoever sleeps is woken. On the
// front's one thread; what sleeps may outlive it.
//
//   schedule.every(std::chrono::seconds(1), [this] { return look_around(); });   // until the schedule is stopped
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>

#include "worker/pool/event.hpp"

namespace canvasback {

class Schedule {
 public:
  explicit Schedule(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}
  ~Schedule() { stop(); }
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  // Waits so long. False where the schedule was stopped before or meanwhile: then the caller touches nothing and ends.
  asio::awaitable<bool> sleep(std::chrono::milliseconds duration);
  // Runs the work so long from now, and so long after it ended again and again, until the schedule is stopped.
  void every(std::chrono::milliseconds period, std::function<asio::awaitable<void>()> work);
  void stop();

 private:
  struct State {
    explicit State(asio::any_io_executor executor_of_all) : executor(std::move(executor_of_all)) {}
    asio::any_io_executor executor;
    bool stopped = false;
    std::set<asio::steady_timer*> sleeping;
  };

  static asio::awaitable<bool> sleep_on(std::shared_ptr<State> state, std::chrono::milliseconds duration);
  static asio::awaitable<void> run(std::shared_ptr<State> state, std::chrono::milliseconds period,
                                   std::function<asio::awaitable<void>()> work);

  std::shared_ptr<State> state_;
};

}  // namespace canvasback
