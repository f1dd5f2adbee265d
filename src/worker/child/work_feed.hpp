// WorkFeed: what a worker of a writing role is handed while it works: the bytes that Input frames point to and the
// descriptors it asks for. One thread reads the socket and puts them in; the task takes them out. The bytes lie in the
// ring until the task has worked them off, so putting in never has to wait and a descriptor is never stuck behind bytes
// that nobody can take. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.hpp"
#include "base/unique_fd.hpp"
#include "worker/child/channel.hpp"

namespace canvasback {

class WorkFeed {
 public:
  explicit WorkFeed(Channel& channel) : channel_(channel) {}

  // The reading thread's side.
  void put(Channel::Frame frame);

  // The task's side. The next piece of input, valid until it is asked for again, or nullopt behind the last.
  Result<std::optional<std::string_view>> next_input(const CancelToken& cancel);
  // Exactly so many bytes. Errors: DataProcessing where the input ends before.
  Result<std::string> take_input(std::size_t bytes, const CancelToken& cancel);
  // A descriptor for what `name` stands for (task/collection_task.hpp).
  Result<UniqueFd> need_file(std::string_view name, const CancelToken& cancel);
  Result<UniqueFd> need_file(const Json& request, const CancelToken& cancel);
  // Descriptors that come without being asked for, with the task.
  Result<std::vector<UniqueFd>> take_files(std::size_t count, const CancelToken& cancel);
  // Forgets what the last task left.
  void restart();

 private:
  template <class Ready>
  Status wait(std::unique_lock<std::mutex>& lock, const CancelToken& cancel, Ready ready);

  Channel& channel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RingPiece> pieces_;
  std::uint64_t end_ = 0;   // of the last piece that came
  std::uint64_t held_ = 0;  // the end of the piece that the task is at
  std::uint64_t told_ = 0;  // the front knows that it is worked off up to there
  std::string_view rest_;   // of a piece that take_input() has begun
  std::deque<UniqueFd> files_;
  bool ended_ = false;
};

}  // namespace canvasback
