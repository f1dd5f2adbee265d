#include "service/query/answer_cache.hpp"

#include <utility>

namespace canvasback {

std::shared_ptr<const std::string> AnswerCache::find(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  order_.splice(order_.end(), order_, found->second.place);
  return found->second.bytes;
}

void AnswerCache::put(const std::string& key, std::shared_ptr<const std::string> bytes) {
  const std::size_t weight = key.size() + bytes->size();
  if (weight > bytes_max_ || entries_.contains(key)) return;
  while (bytes_ + weight > bytes_max_) drop_oldest();
  bytes_ += weight;
  entries_.emplace(key, Entry{std::move(bytes), order_.insert(order_.end(), key)});
}

void AnswerCache::drop_oldest() {
  const auto oldest = entries_.find(order_.front());
  bytes_ -= oldest->first.size() + oldest->second.bytes->size();
  entries_.erase(oldest);
  order_.pop_front();
}

}  // namespace canvasback
