// CancelToken: one flag that a long operation polls and that anyone may raise, once, with a reason.
// Copies share the flag. Thread-safe.
#pragma once

#include <atomic>
#include <memory>

#include "base/error.hpp"

namespace canvasback {

enum class CancelReason : int { None = 0, Client = 1, Timeout = 2, Shutdown = 3, RowLimit = 4 };

class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<std::atomic<int>>(0)) {}

  // The first reason wins.
  void cancel(CancelReason reason) const {
    int none = 0;
    state_->compare_exchange_strong(none, static_cast<int>(reason));
  }
  bool cancelled() const { return state_->load(std::memory_order_relaxed) != 0; }
  CancelReason reason() const { return static_cast<CancelReason>(state_->load()); }

  // An error of the code that fits the reason, once cancelled.
  Status check() const {
    if (!cancelled()) return {};
    return std::unexpected(error());
  }
  Error error() const {
    if (reason() == CancelReason::Timeout) {
      return Error{ErrorCode::QueryTimeout, "The task passed its time limit and was stopped.", {}, {}, 0};
    }
    return Error{ErrorCode::Cancelled, "The task was cancelled.", {}, {}, 0};
  }

 private:
  std::shared_ptr<std::atomic<int>> state_;  // shared: the canceller may outlive the operation and the reverse
};

}  // namespace canvasback
