#include "record/key_hash.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

// The key and messages of the reference's test vectors (vectors_sip128): bytes 00, 01, 02, …
TEST(KeyHash, IsSipHash128) {
  constexpr std::uint64_t kKey0 = 0x0706050403020100;
  constexpr std::uint64_t kKey1 = 0x0f0e0d0c0b0a0908;
  const KeyHash empty = siphash128(kKey0, kKey1, "");
  EXPECT_EQ(empty.low, 0xe6a825ba047f81a3);
  EXPECT_EQ(empty.high, 0x930255c71472f66d);
  std::string bytes;
  for (char c = 0; c < 15; ++c) bytes += c;
  const KeyHash fifteen = siphash128(kKey0, kKey1, bytes);
  EXPECT_EQ(fifteen.low, 0x11a8b03399e99354);
  EXPECT_EQ(fifteen.high, 0xd9c3cf970fec087e);
}

TEST(KeyHash, ValuesOfDifferentTypesAndPlacesDiffer) {
  KeyHasher hasher("000102030405060708090a0b0c0d0e0f");
  const auto of = [&](auto... texts) {
    (hasher.add_text(texts), ...);
    return hasher.finish();
  };
  EXPECT_EQ(of("a", "b"), of("a", "b"));
  EXPECT_NE(of("a", "b"), of("ab", ""));
  EXPECT_NE(of("a", "b"), of("b", "a"));
  hasher.add_int(1);
  const KeyHash number = hasher.finish();
  EXPECT_NE(number, of("1"));
  hasher.add_time(1);
  EXPECT_NE(number, hasher.finish());
  hasher.add_text("a");
  hasher.add_null();
  EXPECT_TRUE(hasher.finish().is_null());
  EXPECT_FALSE(KeyHasher("ff0102030405060708090a0b0c0d0e0f").finish() == hasher.finish());
}

}  // namespace
}  // namespace canvasback
