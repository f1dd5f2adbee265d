// Spares: objects that were made and are no longer used, kept for the memory they hold: a buffer of some megabytes that
// is freed goes back to the system, and the next one costs a page fault for each of its pages. Thread-safe; what is
// lent may outlive it.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace canvasback {

template <class Object>
class Spares {
 public:
  // At most so many are kept.
  explicit Spares(std::size_t max) : state_(std::make_shared<State>()) { state_->max = max; }

  // One that came back, as it was then, or a new one.
  std::unique_ptr<Object> take() {
    {
      std::scoped_lock lock(state_->mutex);
      if (!state_->kept.empty()) {
        auto out = std::move(state_->kept.back());
        state_->kept.pop_back();
        return out;
      }
    }
    return std::make_unique<Object>();
  }

  void give(std::unique_ptr<Object> object) { state_->give(std::move(object)); }

  // Comes back once nobody holds it.
  std::shared_ptr<Object> lend(std::unique_ptr<Object> object) {
    return {object.release(), [state = state_](Object* returned) { state->give(std::unique_ptr<Object>(returned)); }};
  }

 private:
  struct State {
    std::mutex mutex;
    std::size_t max = 0;
    std::vector<std::unique_ptr<Object>> kept;

    void give(std::unique_ptr<Object> object) {
      std::scoped_lock lock(mutex);
      if (kept.size() < max) kept.push_back(std::move(object));
    }
  };
  std::shared_ptr<State> state_;
};

}  // namespace canvasback
