// CollectionLock: one writer of a collection at a time, in the order in which they came. All on one thread.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "worker/pool/event.hpp"

namespace canvasback {

class CollectionLock {
 public:
  // Gives the lock back when it goes.
  class Held {
   public:
    explicit Held(CollectionLock* lock) : lock_(lock) {}
    Held(Held&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (lock_ != nullptr) lock_->release();
    }

   private:
    CollectionLock* lock_;
  };

  explicit CollectionLock(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  asio::awaitable<Held> hold() {
    if (held_) {
      auto turn = std::make_shared<Turn>(Turn{Event(executor_), false});
      waiting_.push_back(turn);
      while (!turn->come) co_await turn->event.wait();
    }
    held_ = true;
    co_return Held(this);
  }

 private:
  struct Turn {
    Event event;
    bool come = false;
  };

  // Stays held where somebody waits: the next one has it from now on.
  void release() {
    if (waiting_.empty()) {
      held_ = false;
      return;
    }
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next->come = true;
    next->event.notify();
  }

  asio::any_io_executor executor_;
  bool held_ = false;
  std::deque<std::shared_ptr<Turn>> waiting_;
};

}  // namespace canvasback
