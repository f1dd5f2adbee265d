// GivenFiles: files that the front has opened for this process, by their names. A worker may open none of them itself:
// a rule of the sandbox is bound to a file and not to its name, so each file that is renamed over another would need a
// new worker (docs/decisions/0017-served-files-by-descriptor.md). Whoever opens such a name for reading in this process
// gets the descriptor that the front gave: our own readers, and the engine, which takes names alone. For that this
// defines open() and open64(), which the dynamic linker finds before libc's; every other call goes on to those.
//
// The descriptors that open() returns share one position: only what reads at positions of its own (pread, mmap) may be
// given so, which our readers of Parquet and Arrow and the engine's of Parquet do.
#pragma once

#include <memory>
#include <string>

#include "base/unique_fd.hpp"

namespace canvasback::given_files {

// From now on the name opens as this descriptor, or no more where it is null. The file that was there before stays open
// for who has it. Thread-safe.
void give(const std::string& path, std::shared_ptr<const UniqueFd> file);

// How many names are given.
std::size_t count();

}  // namespace canvasback::given_files
