// What the front and a worker agree on before the first frame.
#pragma once

namespace canvasback {

// The descriptors besides standard input, output and error that a worker is born with.
inline constexpr int kWorkerSocketFd = 3;
inline constexpr int kWorkerRingFd = 4;

// The worker's whole environment. An allocator inside libarrow starts a thread while the library is loaded, before main
// and so outside every sandbox, unless it reads this. Buffers come from the system's allocator: measured, a worker
// that had decoded a page kept half of the memory that it kept with libarrow's own, and was no slower.
inline constexpr const char* kWorkerEnvironment[] = {"JE_ARROW_MALLOC_CONF=background_thread:false",
                                                     "ARROW_DEFAULT_MEMORY_POOL=system"};

}  // namespace canvasback
