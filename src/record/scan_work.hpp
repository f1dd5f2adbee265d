// ScanWork: what goes along with reading a whole file once: how many threads, who can stop it, who hears how far it is.
#pragma once

#include <cstdint>
#include <functional>

#include "base/cancel.hpp"

namespace canvasback {

struct ScanWork {
  int threads = 1;
  CancelToken cancel;
  std::function<void(std::uint64_t)> on_progress;  // bytes of the file read so far, from any thread; may be empty
};

}  // namespace canvasback
