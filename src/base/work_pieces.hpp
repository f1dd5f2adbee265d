// The same work on several threads of a task: shares of an array, or pieces that the threads take one after another.
#pragma once

#include <cstddef>
#include <functional>

#include "base/error.hpp"

namespace canvasback {

// Calls `work` with 0 … count − 1, each on a thread of its own, 0 on this one; returns when all have. It must not
// throw.
void in_threads(std::size_t count, const std::function<void(std::size_t thread)>& work);

// Does the pieces 0 … pieces − 1 on at most `threads` threads (0 … threads − 1), this one among them; each takes the
// next when it is free. The first error is the answer: what is under way ends, and no other piece is begun. An
// exception is an error too: MemoryLimit where memory was missing, else DataProcessing.
using WorkPiece = std::function<Status(std::size_t piece, std::size_t thread)>;
Status work_pieces(int threads, std::size_t pieces, const WorkPiece& work);

}  // namespace canvasback
