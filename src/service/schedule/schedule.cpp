#include "service/schedule/schedule.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

namespace canvasback {

asio::awaitable<bool> Schedule::sleep(std::chrono::milliseconds duration) { return sleep_on(state_, duration); }

void Schedule::every(std::chrono::milliseconds period, std::function<asio::awaitable<void>()> work) {
  asio::co_spawn(state_->executor, run(state_, period, std::move(work)), asio::detached);
}

void Schedule::stop() {
  state_->stopped = true;
  for (asio::steady_timer* timer : state_->sleeping) timer->cancel();
}

asio::awaitable<bool> Schedule::sleep_on(std::shared_ptr<State> state, std::chrono::milliseconds duration) {
  if (state->stopped) co_return false;
  asio::steady_timer timer(state->executor, duration);
  state->sleeping.insert(&timer);
  // Also where the coroutine is destroyed while it sleeps.
  const std::shared_ptr<void> awake(nullptr, [&](void*) { state->sleeping.erase(&timer); });
  co_await timer.async_wait(kAwait);
  co_return !state->stopped;
}

asio::awaitable<void> Schedule::run(std::shared_ptr<State> state, std::chrono::milliseconds period,
                                    std::function<asio::awaitable<void>()> work) {
  while (true) {
    const bool goes_on = co_await sleep_on(state, period);
    if (!goes_on) co_return;
    co_await work();
  }
}

}  // namespace canvasback
