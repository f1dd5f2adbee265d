// OrderedPipeline: one producer's items, worked on by several threads, taken by one consumer in the order produced.
// Bounded: push() waits while too many items or bytes are under way. Any side may stop(): all waits end at once.
// The work function must be callable from several threads; it returns a Result, and the first error ends the output.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

template <class In, class Out>
class OrderedPipeline {
 public:
  using Work = std::function<Result<Out>(In)>;
  struct Bounds {
    int threads = 1;
    std::size_t items_max = 4;
    std::size_t bytes_max = SIZE_MAX;
  };

  OrderedPipeline(Bounds bounds, Work work) : bounds_(bounds), work_(std::move(work)) {
    for (int i = 0; i < bounds_.threads; ++i) threads_.emplace_back([this] { run(); });
  }
  ~OrderedPipeline() {
    stop();
    for (std::thread& thread : threads_) thread.join();
  }
  OrderedPipeline(const OrderedPipeline&) = delete;
  OrderedPipeline& operator=(const OrderedPipeline&) = delete;

  // Adds an item that weighs about `bytes`; waits for room (a single item always fits). False once stopped.
  bool push(In item, std::size_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return stopped_ || slots_.empty() || (slots_.size() < bounds_.items_max && bytes_ + bytes <= bounds_.bytes_max);
    });
    if (stopped_) return false;
    bytes_ += bytes;
    slots_.push_back(Slot{std::move(item), std::nullopt, bytes});
    changed_.notify_all();
    return true;
  }
  // No more items will come. An error is delivered behind the items pushed before.
  void close(Status status = {}) {
    std::scoped_lock lock(mutex_);
    closed_ = true;
    end_ = std::move(status);
    changed_.notify_all();
  }
  // The next result in order, nullopt at the end, or the first error. `give_up` is polled while waiting.
  template <class GiveUp>
  Result<std::optional<Out>> pop(GiveUp give_up) {
    std::unique_lock lock(mutex_);
    while (true) {
      if (!slots_.empty() && slots_.front().out) break;
      if (stopped_ || (slots_.empty() && closed_)) {
        if (!end_) return std::unexpected(end_.error());
        return std::optional<Out>();
      }
      if (Status status = give_up(); !status) return std::unexpected(status.error());
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
    Slot slot = std::move(slots_.front());
    slots_.pop_front();
    if (next_ > 0) --next_;
    bytes_ -= slot.bytes;
    changed_.notify_all();
    if (!*slot.out) return std::unexpected(slot.out->error());
    return std::optional<Out>(std::move(**slot.out));
  }
  void stop() {
    std::scoped_lock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  struct Slot {
    std::optional<In> in;
    std::optional<Result<Out>> out;
    std::size_t bytes;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stopped_ || next_ < slots_.size() || (closed_ && next_ >= slots_.size()); });
      if (stopped_ || next_ >= slots_.size()) return;
      Slot& slot = slots_[next_++];  // deque: a reference survives push_back and pop_front of others
      In item = std::move(*slot.in);
      slot.in.reset();
      lock.unlock();
      Result<Out> out = guarded(std::move(item));
      lock.lock();
      slot.out = std::move(out);
      changed_.notify_all();
    }
  }

  // Third-party code may throw where it says it does not; on a thread of its own that would end the process.
  Result<Out> guarded(In item) {
    try {
      return work_(std::move(item));
    } catch (const std::bad_alloc&) {
      return fail(ErrorCode::MemoryLimit, "The task needs more memory than a worker has.");
    } catch (const std::exception& error) {
      return fail(ErrorCode::DataProcessing, "The task failed.", error.what());
    }
  }

  Bounds bounds_;
  Work work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Slot> slots_;  // in order; [0, next_) are worked on or done
  std::size_t next_ = 0;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  bool stopped_ = false;
  Status end_;
  std::vector<std::thread> threads_;
};

}  // namespace canvasback
