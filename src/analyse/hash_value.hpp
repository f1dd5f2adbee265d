// 64-bit hashes of values, for sketches and tables: fast, well mixed, the same on every run. Not keyed: what must hold
// against chosen values (frequency tables) compares the values themselves as well. Pure.
// Source: the finaliser of SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014); folded 64×64-bit multiplication.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "analyse/integer128.hpp"

namespace canvasback::analyse {

inline std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

inline std::uint64_t fold_multiply(std::uint64_t left, std::uint64_t right) {
  const auto product = static_cast<UInt128>(left) * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t hash_value(std::int64_t value) {
  return mix64(static_cast<std::uint64_t>(value) + 0x9e3779b97f4a7c15U);
}

inline std::uint64_t hash_value(Int128 value) {
  const auto low = static_cast<std::uint64_t>(value);
  const auto high = static_cast<std::uint64_t>(static_cast<UInt128>(value) >> 64);
  return mix64(low + 0x9e3779b97f4a7c15U) ^ mix64(high ^ 0xd6e8feb86659fd93U);
}

inline std::uint64_t load64(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

inline std::uint64_t hash_value(std::string_view text) {
  constexpr std::uint64_t kFirst = 0xa0761d6478bd642fU;
  constexpr std::uint64_t kSecond = 0xe7037ed1a0b428dbU;
  std::uint64_t state = kFirst ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 16; at += 16, left -= 16) state = fold_multiply(load64(at) ^ kSecond, load64(at + 8) ^ state);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  if (left >= 8) {
    // The last eight bytes may overlap the first: no byte is left out.
    first = load64(at);
    second = load64(at + left - 8);
  } else if (left > 0) {
    for (std::size_t i = 0; i < left; ++i)
      first |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  }
  return mix64(fold_multiply(first ^ kSecond, second ^ state) ^ kFirst);
}

}  // namespace canvasback::analyse
