// FeedSource: an address that is asked on a schedule (server/feeds.hpp), as the settings tell it.
#pragma once

#include <cstdint>
#include <string>

namespace canvasback {

struct FeedSource {
  std::string url;  // http://host:port/path
  std::string collection = "all_records";
  std::string format;  // json, ndjson, …; empty: what the address's path tells, else json
  std::int64_t every_s = 60;
  bool quarantine = true;
};

}  // namespace canvasback
