#include "server/feed_rejects.hpp"

#include <fmt/format.h>

#include <fstream>
#include <unordered_set>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "storage/file.hpp"

namespace canvasback {

Result<FeedRejects> drop_known_rejects(const std::string& path, const std::vector<std::string>& known) {
  const std::unordered_set<std::string> before(known.begin(), known.end());
  FeedRejects out;
  std::string fresh;
  std::int64_t lines = 0;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line); ++lines) {
    const auto record = Json::parse(line);
    const std::string hash = sha256_hex(record ? record->at("text").as_string() : line).substr(0, 32);
    if (out.hashes.size() < kFeedRejectsMax) out.hashes.push_back(hash);
    if (before.contains(hash)) continue;
    fresh += line + "\n";
    ++out.fresh;
  }
  if (!file.eof()) return fail(ErrorCode::Unavailable, fmt::format("{} cannot be read.", path));
  if (out.fresh == lines) return out;
  CANVASBACK_TRY(out.fresh == 0 ? file::remove(path) : file::replace(path, fresh));
  return out;
}

}  // namespace canvasback
