// A worker of a writing role: `ingest` has no engine and no path it could open; `maintain` has an engine that may read
// the collections. Both write only through descriptors they are handed. One thread reads the socket, the calling one
// runs tasks.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/engine.hpp"
#include "worker/child/channel.hpp"

namespace canvasback {

struct RoleWorkerOptions {
  std::string role;
  int threads = 1;
  std::function<std::uint64_t()> resident_bytes;
  std::unique_ptr<Engine> engine;  // maintain
};

// Says Ready and serves; the process ends with its socket.
[[noreturn]] void serve_role(Channel& channel, RoleWorkerOptions options);

}  // namespace canvasback
