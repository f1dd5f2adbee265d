// SteadyPool: memory of Arrow's whose buffers stay where they are when they become shorter. Arrow's own pool copies
// what is left into a smaller piece; libparquet shortens the buffer of every page it encodes. The memory that is kept
// is that of one page, and short-lived. Thread-safe.
#pragma once

#include <arrow/memory_pool.h>

#include <atomic>
#include <string>

namespace canvasback {

class SteadyPool final : public arrow::MemoryPool {
 public:
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  // Errors of both: OutOfMemory.
  arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override;
  arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                           std::uint8_t** memory) override;
  void Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) override;

  // What was asked for, not what is held.
  std::int64_t bytes_allocated() const override { return allocated_; }
  std::int64_t total_bytes_allocated() const override { return total_; }
  std::int64_t num_allocations() const override { return count_; }
  std::string backend_name() const override { return "system"; }

 private:
  void note(std::int64_t bytes);

  std::atomic<std::int64_t> allocated_{0};
  std::atomic<std::int64_t> total_{0};
  std::atomic<std::int64_t> count_{0};
};

}  // namespace canvasback
