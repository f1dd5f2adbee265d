// Changes of the marketplace (source/marketplace/changes.hpp) as statements for a MySQL client, piece by piece: INSERT,
// UPDATE of all columns but id, DELETE, in transactions of kChangesPerTransaction. A silent update leaves updated_at
// out. Memory: one piece.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "source/marketplace/changes.hpp"

namespace canvasback {

inline constexpr std::int64_t kChangesPerTransaction = 20;

class ChangeStatements {
 public:
  // The first `changes` changes. The marketplace must outlive this, and have orders.
  ChangeStatements(const marketplace::Marketplace& marketplace, std::int64_t changes)
      : marketplace_(marketplace), changes_(changes) {}

  // The next statements, as whole transactions; empty at the end. Valid until the next call. Errors: MemoryLimit.
  Result<std::string_view> next();
  std::int64_t changes_done() const { return done_; }

 private:
  const marketplace::Marketplace& marketplace_;
  const std::int64_t changes_;
  std::int64_t done_ = 0;
  std::string piece_;
};

}  // namespace canvasback
