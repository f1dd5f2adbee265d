// KeyHash: 128 bits that stand for the values of a record's key, SipHash-2-4 under a secret of the process, so that two
// keys never have the same ones but by a chance nobody will see (2^-64 for 2^32 keys) and nobody can aim at. All zero:
// a part of the key is NULL.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace canvasback {

struct KeyHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool is_null() const { return high == 0 && low == 0; }
  bool operator==(const KeyHash&) const = default;
};

// For tables of them: they are as good as random already.
struct KeyHashHash {
  std::size_t operator()(const KeyHash& hash) const { return hash.low; }
};

KeyHash siphash128(std::uint64_t key0, std::uint64_t key1, std::string_view bytes);

// The values of one key, one after the other; each says its type, so that 1 is not "1".
class KeyHasher {
 public:
  // secret: 32 hex digits.
  explicit KeyHasher(std::string_view secret);

  void add_int(std::int64_t value) { add('i', &value, sizeof value); }
  void add_date(std::int32_t days) { add('d', &days, sizeof days); }
  void add_time(std::int64_t micros) { add('t', &micros, sizeof micros); }
  void add_bool(bool value) { add('b', &value, sizeof value); }
  void add_text(std::string_view text) {
    const std::uint64_t size = text.size();
    add('s', &size, sizeof size);
    bytes_ += text;
  }
  void add_null() { null_ = true; }
  // Of what was added since the last one.
  KeyHash finish();

 private:
  void add(char type, const void* data, std::size_t size) {
    bytes_ += type;
    bytes_.append(static_cast<const char*>(data), size);
  }

  std::uint64_t key0_ = 0;
  std::uint64_t key1_ = 0;
  std::string bytes_;
  bool null_ = false;
};

}  // namespace canvasback
