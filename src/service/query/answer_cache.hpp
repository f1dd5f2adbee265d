// AnswerCache: whole answers by what was asked, the least recently used first to go. Bounded by the bytes of answers
// and keys together. Keys name the version of the dataset, so an answer about files that changed is never found again.
// On the front's one thread.
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
