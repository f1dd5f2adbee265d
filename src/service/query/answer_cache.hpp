// AnswerCache: complete answers (profiles, tiles) by request, with least-recently-used eviction. Bounded by the bytes
// of answers and keys together; an answer that alone exceeds the bound is not cached. A key contains the version of the
// dataset, so an answer about files that have changed is never returned. O(log n) per call. Not thread-safe: on the
// front's thread.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

namespace canvasback {

class AnswerCache {
 public:
  // bytes_max 0: nothing is kept.
  explicit AnswerCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // nullptr where it is not there.
  std::shared_ptr<const std::string> find(const std::string& key);
  void put(const std::string& key, std::shared_ptr<const std::string> bytes);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::shared_ptr<const std::string> bytes;  // shared with answers that are being sent
    std::list<std::string>::iterator place;
  };
  void drop_oldest();

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<std::string, Entry> entries_;
  std::list<std::string> order_;
};

}  // namespace canvasback
