// TextCodes: different texts as numbers, from 0 in the order of their first sight, as long as there are few of them.
// For columns that repeat: to put one in order (worker/roles/query/sort_keys.hpp), to keep one small
// (storage/stored_column.hpp). Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace canvasback {

class TextCodes {
 public:
  struct Bounds {
    std::size_t texts_max = 0;
    std::size_t bytes_max = 0;  // of all texts together
  };
  explicit TextCodes(Bounds bounds) : bounds_(bounds) {}

  // Nothing for a text that would be one too many.
  std::optional<std::uint32_t> code(std::string_view text);
  std::size_t size() const { return ends_.size(); }
  // Valid until the next call of code().
  std::string_view text(std::size_t code) const {
    const std::size_t begin = code == 0 ? 0 : ends_[code - 1];
    return std::string_view(bytes_).substr(begin, ends_[code] - begin);
  }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t code = 0;  // 0: free; else a text's number and one
  };
  void grow();

  Bounds bounds_;
  std::string bytes_;  // of all texts, one behind the other
  std::vector<std::size_t> ends_;
  std::vector<Slot> slots_ = std::vector<Slot>(1024);  // open addressing, linear probing, at most half full
};

}  // namespace canvasback
