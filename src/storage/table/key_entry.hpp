// The wire form of a row's keys between a worker and the front (key_columns.hpp): an int64 and `keys` times 16 bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "record/key_hash.hpp"

namespace canvasback {

class KeyEntries {
 public:
  // keys: how many each row has.
  KeyEntries(std::string_view bytes, std::size_t keys) : bytes_(bytes), keys_(keys) {}

  static std::size_t width(std::size_t keys) { return sizeof(std::int64_t) + keys * 2 * sizeof(std::uint64_t); }
  std::int64_t rows() const { return static_cast<std::int64_t>(bytes_.size() / width(keys_)); }
  std::size_t keys() const { return keys_; }
  std::int64_t stamp(std::int64_t row) const {
    std::int64_t out = 0;
    std::memcpy(&out, at(row), sizeof out);
    return out;
  }
  KeyHash hash(std::int64_t row, std::size_t key) const {
    std::uint64_t words[2];
    std::memcpy(words, at(row) + sizeof(std::int64_t) + key * sizeof words, sizeof words);
    return {words[0], words[1]};
  }

 private:
  const char* at(std::int64_t row) const { return bytes_.data() + static_cast<std::size_t>(row) * width(keys_); }

  std::string_view bytes_;
  std::size_t keys_;
};

}  // namespace canvasback
