#include "server/feed_memory.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "storage/file.hpp"

namespace canvasback {

std::string feed_id(const FeedSource& source) {
  const std::string url = source.url.substr(0, source.url.find('#'));
  return sha256_hex(fmt::format("{}\n{}\n{}", url, source.collection, source.format)).substr(0, 16);
}

Result<FeedMemory> read_feed_memory(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) return FeedMemory();
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto json = Json::parse(text);
  if (!file || !json || !json->at("answers").is_integer() || !json->at("sha256").is_string()) {
    return fail(
        ErrorCode::Unavailable,
        fmt::format("What the feed gave before cannot be read: {}. Remove that file to keep its next answer.", path));
  }
  FeedMemory out;
  out.answers = json->at("answers").as_uint();
  out.sha256 = json->at("sha256").as_string();
  out.etag = json->at("etag").as_string();
  out.last_modified = json->at("last_modified").as_string();
  out.url_sha256 = json->at("url_sha256").as_string();
  for (const Json& hash : json->at("rejects").as_array()) out.rejects.emplace_back(hash.as_string());
  return out;
}

Status write_feed_memory(const std::string& path, const FeedMemory& memory) {
  Json json;
  json.set("answers", memory.answers);
  json.set("sha256", memory.sha256);
  json.set("etag", memory.etag);
  json.set("last_modified", memory.last_modified);
  json.set("url_sha256", memory.url_sha256);
  Json rejects = Json::Array{};
  for (const std::string& hash : memory.rejects) rejects.push(hash);
  json.set("rejects", std::move(rejects));
  CANVASBACK_TRY(file::make_folder(path.substr(0, path.rfind('/'))));
  return file::replace(path, json.dump() + "\n");
}

std::string feed_key(const std::string& id, std::uint64_t number, const std::string& sha256) {
  return fmt::format("feed-{}-{}-{}", id, number, sha256);
}

FeedMemory recall(FeedMemory memory, const std::string& id, const Collection* collection) {
  if (collection == nullptr || (collection->files.live.empty() && collection->archived.empty())) return {};
  const std::string prefix = fmt::format("feed-{}-", id);
  collection->requests.each_of(prefix, [&](const KeptRequest& kept) {
    const std::string rest = kept.key.substr(prefix.size());
    const std::size_t dash = rest.find('-');
    const auto number = parse_integer(rest.substr(0, dash), "the number", 0, INT64_MAX);
    if (!number || dash == std::string::npos || static_cast<std::uint64_t>(*number) <= memory.answers) return;
    memory = FeedMemory{static_cast<std::uint64_t>(*number), rest.substr(dash + 1), {}, {}, {}, {}};
  });
  return memory;
}

}  // namespace canvasback
