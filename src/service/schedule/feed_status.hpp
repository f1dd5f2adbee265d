// FeedStatus: how a feed (an address that is asked on a schedule) is getting on, for /health.
#pragma once

#include <cstdint>
#include <string>

namespace canvasback {

struct FeedStatus {
  std::string url;  // without credentials and query
  std::string collection;
  bool asking = false;
  std::int64_t last_success_us = 0;  // 0: none yet
  std::int64_t next_us = 0;          // when it is asked again
  std::int64_t failures = 0;         // in a row; 0: the last attempt did well
  std::string error;                 // of the last attempt
  std::int64_t records = 0;          // kept since the start
  std::int64_t quarantined = 0;      // put aside since the start
};

}  // namespace canvasback
