// RequestContext: what goes along with a request, whatever it asks for: on whose behalf, since when, how long it may
// take. Made once by the transport or the command line and passed along as it is.
#pragma once

#include <cstdint>
#include <string>

namespace canvasback {

// On whose behalf a request is answered.
struct Principal {
  std::string name;  // empty: anonymous, as everybody is while there are no keys
};

struct RequestContext {
  Principal principal;
  std::int64_t received_ns = 0;  // CLOCK_MONOTONIC, when the request was complete
  std::int64_t timeout_ms = 0;   // 0: the default
  std::string job;               // of service/job/job.hpp: the one this is asked for
};

}  // namespace canvasback
