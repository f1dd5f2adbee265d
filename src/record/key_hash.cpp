#include "record/key_hash.hpp"

#include <bit>
#include <charconv>

namespace canvasback {
namespace {

std::uint64_t hex_number(std::string_view text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out, 16);
  return out;
}

// SipHash as its authors describe it (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), two rounds for each word
// and four at the end, with the 128-bit output of their reference.
struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void word(std::uint64_t value) {
    v3 ^= value;
    round();
    round();
    v0 ^= value;
  }
  std::uint64_t output() {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

KeyHash siphash128(std::uint64_t key0, std::uint64_t key1, std::string_view bytes) {
  SipState state{0x736f6d6570736575 ^ key0, 0x646f72616e646f6d ^ key1, 0x6c7967656e657261 ^ key0,
                 0x7465646279746573 ^ key1};
  state.v1 ^= 0xee;
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    state.word(word);
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  std::uint64_t rest = 0;
  std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
  state.word(last | rest);
  state.v2 ^= 0xee;
  KeyHash out;
  out.low = state.output();
  state.v1 ^= 0xdd;
  out.high = state.output();
  return out;
}

KeyHasher::KeyHasher(std::string_view secret)
    : key0_(hex_number(secret.substr(0, 16))), key1_(hex_number(secret.substr(16, 16))) {}

KeyHash KeyHasher::finish() {
  KeyHash out;
  if (!null_) out = siphash128(key0_, key1_, bytes_);
  bytes_.clear();
  null_ = false;
  return out;
}

}  // namespace canvasback
