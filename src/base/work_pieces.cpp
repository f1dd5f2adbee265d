#include "base/work_pieces.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

namespace canvasback {
namespace {

Status guarded(const WorkPiece& work, std::size_t piece, std::size_t thread) {
  try {
    return work(piece, thread);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::MemoryLimit, "The task needs more memory than a worker has.");
  } catch (const std::exception& error) {
    return fail(ErrorCode::DataProcessing, "The task failed.", error.what());
  }
}

}  // namespace

void in_threads(std::size_t count, const std::function<void(std::size_t thread)>& work) {
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < count; ++i) helpers.emplace_back(work, i);
  work(0);
}

Status work_pieces(int threads, std::size_t pieces, const WorkPiece& work) {
  if (pieces == 0) return {};
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stopped = false;
  std::mutex mutex;
  Status first;
  in_threads(std::min(static_cast<std::size_t>(std::max(threads, 1)), pieces), [&](std::size_t thread) {
    for (std::size_t piece = next++; piece < pieces && !stopped; piece = next++) {
      Status status = guarded(work, piece, thread);
      if (status) continue;
      std::scoped_lock lock(mutex);
      if (first) first = std::move(status);
      stopped = true;
    }
  });
  return first;
}

}  // namespace canvasback
