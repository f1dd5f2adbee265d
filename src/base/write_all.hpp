// The one loop around write(2).
#pragma once

#include <string_view>

namespace canvasback {

// All of the bytes, at the descriptor's offset: goes on after signals and short writes, and waits for a descriptor that
// somebody made non-blocking. 0, or the system's error number; what was written until then stays. Blocking.
int write_all(int fd, std::string_view bytes);

}  // namespace canvasback
