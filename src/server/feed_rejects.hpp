// The bad records of a feed's answers: one that the answer before had too was put aside then, and is not again. The
// file of refused records (DATA/quarantine/commit_N.ndjson) that a worker wrote is looked through once it is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

inline constexpr std::size_t kFeedRejectsMax = 1000;  // remembered, of an answer

struct FeedRejects {
  std::vector<std::string> hashes;  // of all in the file, at most kFeedRejectsMax
  std::int64_t fresh = 0;           // of which so many were not known
};

// Takes what is known out of the file; the file, where nothing else is in it. Blocking. Errors: those of the disk; the
// file is then as it was.
Result<FeedRejects> drop_known_rejects(const std::string& path, const std::vector<std::string>& known);

}  // namespace canvasback
