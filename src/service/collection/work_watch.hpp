// WorkWatch: long work that is watched: told how many of its steps are done, and stopped between two of them. Handed to
// coroutines by a variable: GCC 12 destroys a temporary of such a type in a co_await expression twice.
#pragma once

#include <cstdint>
#include <functional>

#include "base/cancel.hpp"
#include "base/error.hpp"

namespace canvasback {

struct WorkWatch {
  CancelToken cancel = {};
  std::function<void(std::int64_t done, std::int64_t all)> told = {};

  Status step(std::int64_t done, std::int64_t all) const {
    if (told) told(done, all);
    return cancel.check();
  }
};

}  // namespace canvasback
