#include "storage/parquet/steady_pool.hpp"

#include <arrow/status.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace canvasback {

arrow::Status SteadyPool::Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) {
  if (size < 0) return arrow::Status::Invalid("A size is negative.");
  // A whole number of alignments, and never nothing: an address is asked for.
  const std::size_t unit = static_cast<std::size_t>(std::max<std::int64_t>(alignment, sizeof(void*)));
  const std::size_t bytes = (std::max<std::size_t>(static_cast<std::size_t>(size), 1) + unit - 1) / unit * unit;
  void* made = std::aligned_alloc(unit, bytes);
  if (made == nullptr) return arrow::Status::OutOfMemory("No memory for ", size, " bytes.");
  *out = static_cast<std::uint8_t*>(made);
  note(size);
  return arrow::Status::OK();
}

arrow::Status SteadyPool::Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                                     std::uint8_t** memory) {
  if (new_size < 0) return arrow::Status::Invalid("A size is negative.");
  if (new_size <= old_size) {
    note(new_size - old_size);
    return arrow::Status::OK();
  }
  std::uint8_t* made = nullptr;
  ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &made));
  std::memcpy(made, *memory, static_cast<std::size_t>(old_size));
  Free(*memory, old_size, alignment);
  *memory = made;
  return arrow::Status::OK();
}

void SteadyPool::Free(std::uint8_t* buffer, std::int64_t size, std::int64_t /*alignment*/) {
  std::free(buffer);
  allocated_.fetch_sub(size, std::memory_order_relaxed);
}

void SteadyPool::note(std::int64_t bytes) {
  allocated_.fetch_add(bytes, std::memory_order_relaxed);
  if (bytes > 0) total_.fetch_add(bytes, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace canvasback
