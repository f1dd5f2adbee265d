// CollectionLock: one at a time, in the order in which they came: writers of a collection, or those who remove files
// from its folder. All on one thread. What is held may outlive the lock.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "worker/pool/event.hpp"

namespace canvasback {

class CollectionLock {
  struct Turn {
    Event event;
    bool come = false;
  };
  struct State {
    bool held = false;
    std::deque<std::shared_ptr<Turn>> waiting;
  };

 public:
  // Gives the lock back when it goes: the next one that waits has it from then on.
  class Held {
   public:
    explicit Held(std::shared_ptr<State> state) : state_(std::move(state)) { state_->held = true; }
    Held(Held&& other) noexcept : state_(std::move(other.state_)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (state_ == nullptr) return;
      if (state_->waiting.empty()) {
        state_->held = false;
        return;
      }
      const auto next = std::move(state_->waiting.front());
      state_->waiting.pop_front();
      next->come = true;
      next->event.notify();
    }

   private:
    std::shared_ptr<State> state_;
  };

  explicit CollectionLock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  asio::awaitable<Held> hold() {
    const auto state = state_;
    if (state->held) {
      auto turn = std::make_shared<Turn>(Turn{Event(executor_), false});
      state->waiting.push_back(turn);
      while (!turn->come) co_await turn->event.wait();
    }
    co_return Held(state);
  }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace canvasback
