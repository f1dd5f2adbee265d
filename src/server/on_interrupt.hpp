// OnInterrupt: what a command undoes when it is interrupted (SIGINT, SIGTERM, SIGHUP) while this lives: temporary files
// and folders, of which nothing is to stay behind. Afterwards the process ends by the signal, as it would have without.
// Signals that are ignored (nohup) or taken by somebody else stay so. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>

namespace canvasback {

class OnInterrupt {
 public:
  // undo: called on a thread of its own, at most once; it may block.
  explicit OnInterrupt(std::function<void()> undo);
  ~OnInterrupt();
  OnInterrupt(const OnInterrupt&) = delete;
  OnInterrupt& operator=(const OnInterrupt&) = delete;

 private:
  std::uint64_t id_;
};

}  // namespace canvasback
