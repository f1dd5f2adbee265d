// CachedAnswers: answers that are read to their end and given out whole (profiles, pictures of tiles), from memory
// where the same was asked of the same files before (the setting profile_cache_bytes_max). On the front's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "service/query/answer_cache.hpp"
#include "service/query/query_service.hpp"

namespace canvasback {

// Of the format json without its performance_metrics.
struct CachedAnswer {
  std::shared_ptr<const std::string> bytes;
  Json metrics;
};

class CachedAnswers {
 public:
  // bytes_max 0: nothing is kept.
  explicit CachedAnswers(std::size_t bytes_max) : cache_(bytes_max) {}

  // One that is kept under this key, with metrics of its own: since the request came, and how it was found.
  std::optional<CachedAnswer> find(const std::string& key, std::int64_t received_ns, const char* method);
  // The bytes alone, of answers that are made of several parts; nullptr where they are not kept.
  std::shared_ptr<const std::string> find(const std::string& key) { return cache_.find(key); }
  void keep(const std::string& key, std::shared_ptr<const std::string> bytes) { cache_.put(key, std::move(bytes)); }
  // Reads an answer to its end and keeps it. Errors: PayloadTooLarge (says `too_large`) past limits::kProfileBytesMax,
  // and those of the task.
  asio::awaitable<Result<CachedAnswer>> read(std::unique_ptr<Answer> answer, std::string key, const char* too_large);

 private:
  AnswerCache cache_;
};

}  // namespace canvasback
