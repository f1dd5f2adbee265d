// FeedSource: an address that is asked on a schedule (server/feeds.hpp), as the settings tell it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace canvasback {

inline constexpr std::size_t kFeedsMax = 64;  // each has a thread that waits for the network
inline constexpr int kFeedRedirectsMax = 5;

struct FeedSource {
  std::string url;  // http://host:port/path
  std::string collection = "all_records";
  std::string format;  // json, ndjson, …; empty: what the answer's Content-Type tells, else the path, else json
  std::int64_t every_s = 60;
  std::int64_t timeout_s = 60;  // of one attempt as a whole
  bool quarantine = true;
  std::string on_conflict;  // reject, update, ignore; empty: ignore where the collection has keys
};

}  // namespace canvasback
