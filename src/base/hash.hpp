// Digests: SHA-256 for receipts and names of cache entries, random bytes for tokens. OpenSSL stays behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace canvasback {

// Incremental SHA-256; hex of 64 characters.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view bytes);
  std::string hex();  // ends the digest

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string sha256_hex(std::string_view bytes);
// 2 * count hex digits from the system's random source.
std::string random_hex(std::size_t count);

}  // namespace canvasback
