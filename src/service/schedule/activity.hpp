// Activity: how much of a kind is under way, counted by what does it, and the wait for its end. On one thread; a Held
// may outlive the Activity.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "worker/pool/event.hpp"

namespace canvasback {

class Activity {
  struct State {
    explicit State(asio::any_io_executor executor) : idle(std::move(executor)) {}
    std::size_t count = 0;
    int waiting = 0;
    asio::steady_timer idle;
  };

 public:
  // One of them, until it goes.
  class Held {
   public:
    explicit Held(std::shared_ptr<State> state) : state_(std::move(state)) { ++state_->count; }
    Held(Held&& other) noexcept : state_(std::move(other.state_)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (state_ != nullptr && --state_->count == 0 && state_->waiting > 0) state_->idle.cancel();
    }

   private:
    std::shared_ptr<State> state_;
  };

  explicit Activity(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

  Held begin() { return Held(state_); }
  std::size_t count() const { return state_->count; }

  // Waits until nothing is under way, at the longest until `end`. One waits at a time.
  asio::awaitable<void> idle_by(std::chrono::steady_clock::time_point end) {
    const auto state = state_;
    state->idle.expires_at(end);
    ++state->waiting;
    while (state->count > 0 && std::chrono::steady_clock::now() < end) co_await state->idle.async_wait(kAwait);
    --state->waiting;
  }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace canvasback
